import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FLEET, fleetOf, load, mandateOf, policyOf, refusalOf } from '../fixtures/policy.ts';
import type { PolicyInput, PolicyLoad } from '../index.ts';
import { placedOf } from '../document/placed.ts';
import type { PlacedMap } from '../document/placed.ts';
import { readDocument } from '../document/read-document.ts';
import { documentOf } from '../document/placed.ts';
import { layOver } from './layers.ts';

type Files = Readonly<Record<string, string>>;

/** A policy at /etc/bourse/policy.yaml among other files, named from there. */
function loadWith(text: string, files: Files, overrides: Partial<PolicyInput> = {}): PolicyLoad {
  const known = new Map(
    Object.entries(files).map(([name, body]) => [
      new URL(name, 'file:///etc/bourse/').pathname,
      body,
    ]),
  );
  const readFile = (path: string): string => {
    const body = known.get(path);
    if (body === undefined) throw new Error('ENOENT');
    return body;
  };
  return load(text, { readFile, ...overrides });
}

/** `file:line:column path: message`, the file as a name below /etc/bourse. */
function problemsWith(text: string, files: Files, overrides: Partial<PolicyInput> = {}) {
  const result = loadWith(text, files, overrides);
  const problems = result.kind === 'policy' ? result.warnings : result.problems;
  return problems.map(({ file, line, column, path, message }) => {
    const name = file === undefined ? 'policy.yaml' : file.replace('/etc/bourse/', '');
    return `${name}:${line}:${column} ${path}: ${message}`;
  });
}

function policyWith(text: string, files: Files) {
  const result = loadWith(text, files);
  if (result.kind === 'policy') return result.policy;
  throw new Error(problemsWith(text, files).join('\n'));
}

const RULES = `
signals: { keywords: [{ name: titan, anyOf: [Titan], over: conversation }] }
constraints: [{ name: stays, when: { keyword: titan }, require: { site: on-prem } }]
routes:
  - { name: inherited, when: { role: guest }, use: { mode: eco } }
  - { name: last, use: { mode: economy } }
`;

describe('extends', () => {
  const base = { 'base.yaml': FLEET + RULES };
  const child = `version: 1
extends: ./base.yaml
store: { path: state.db }
routes: [{ name: own, when: { role: guest }, use: { models: [small] } }]
`;

  test('its own routes come first, then the inherited ones; constraints are inherited', async () => {
    const policy = policyWith(child, base);
    const names = policy.explain('', []).routes.map(({ text }) => text);
    expect(names).toEqual(['own', 'inherited', 'last']);
    expect((await mandateOf(policy, { roles: ['guest'] })).route).toBe('own');
    const bound = await mandateOf(policy, { text: 'project Titan' });
    expect(bound.rules.map(({ constraint }) => constraint)).toEqual(['stays']);
    expect(policy.config.storePath).toBe('/etc/bourse/state.db');
  });

  test('mappings merge key by key, entries by name, and a later base goes before an earlier one', () => {
    const policy = policyWith(
      `version: 1
extends: [a.yaml, deep/b.yaml]
models: [{ id: small, accuracy: { default: 0.9 } }]
attempts: { max: 2 }
`,
      {
        'a.yaml': `${FLEET}attempts: { max: 5, idleTimeoutMs: 100, totalTimeoutMs: 1000 }\nstore: { path: a.db }\n`,
        'deep/b.yaml': `attempts: { idleTimeoutMs: 200 }\nstore: { path: b.db }\n`,
      },
    );
    expect(policy.config.attempts).toMatchObject({
      max: 2,
      idleTimeoutMs: 200,
      totalTimeoutMs: 1000,
    });
    expect(policy.config.storePath).toBe('/etc/bourse/deep/b.db');
    const small = policy.config.models.find(({ id }) => id === 'small');
    expect([policy.config.models.length, small!.accuracy.default, small!.price]).toEqual([
      3,
      0.9,
      null,
    ]);
  });

  test('a base that two others share counts once: what one of them changed stays changed', () => {
    const policy = policyWith('version: 1\nextends: [a.yaml, b.yaml]', {
      'root.yaml': `${FLEET}${RULES}attempts: { max: 7 }\n`,
      'a.yaml': 'extends: root.yaml\nattempts: { max: 3 }\n',
      'b.yaml': 'extends: root.yaml\n',
    });
    expect(policy.config.attempts.max).toBe(3);
    expect(policy.explain('', []).constraints).toHaveLength(1);
  });

  test.each([
    ['constraints: [{ name: stays, require: { site: cloud } }]', 'constraints[0].name'],
    ['signals: { keywords: [{ name: titan, anyOf: [nothing] }] }', 'signals.keywords[0].name'],
  ])('%s replaces nothing that protects without a word', async (line, path) => {
    const text = `version: 1\nextends: base.yaml\n${line}\n`;
    expect(problemsWith(text, base)).toEqual([
      expect.stringMatching(
        `^policy.yaml:3:\\d+ ${path.replace(/[[\].]/g, '\\$&')}: is inherited \\(/etc/bourse/base\\.yaml:\\d+\\): write "override: true"`,
      ),
    ]);
    const said = text.replace(/(name: \w+)/, '$1, override: true');
    expect(loadWith(said, base).kind).toBe('policy');
  });

  test('an override of nothing is an error', () => {
    const text = `${FLEET}constraints: [{ name: c, override: true, refuse: no }]`;
    expect(problemsWith(text, {})).toEqual([
      expect.stringContaining('constraints[0].override: overrides nothing'),
    ]);
    expect(load(text.replace('true', 'false')).kind).toBe('policy');
  });

  test('a circle names every place of it', () => {
    const problems = problemsWith('version: 1\nextends: a.yaml', {
      'a.yaml': '\nextends: b.yaml\n',
      'b.yaml': 'include: [c.yaml]\nextends: a.yaml\n',
      'c.yaml': 'routes: []',
    });
    expect(problems[0]).toContain(
      'b.yaml:2:10 extends: closes a circle: /etc/bourse/a.yaml leads to',
    );
    expect(problems[0]).toContain('/etc/bourse/b.yaml (named at /etc/bourse/a.yaml:2)');
    expect(problems[0]).toContain('/etc/bourse/a.yaml (named at /etc/bourse/b.yaml:2)');
  });
});

describe('include', () => {
  test('the entries of a file follow its own, each file once, and every path is relative to its file', () => {
    const files: Files = {
      'parts/routes.yaml': `include: ../signals.yaml
routes: [{ name: second, when: { keyword: titan }, use: {} }]
instances: [{ id: extra, model: large, engine: openai, apiKeyFile: keys/extra }]
`,
      'signals.yaml': 'signals: { keywords: [{ name: titan, anyOf: [Titan] }] }',
      'parts/keys/extra': 'sk-extra\n',
    };
    const text = `${FLEET}include: [signals.yaml, parts/routes.yaml]
routes: [{ name: first, when: { role: guest }, use: {} }]`;
    const result = loadWith(text, files);
    const policy = policyWith(text, files);
    expect(result).toMatchObject({ kind: 'policy', warnings: [] });
    expect(policy.explain('', []).routes.map(({ text: name }) => name)).toEqual([
      'first',
      'second',
      'default',
    ]);
    expect(policy.config.instances.find(({ id }) => id === 'extra')?.apiKey).toBe('sk-extra');
  });

  test.each<[string, Files, string]>([
    [
      'include: gone.yaml',
      {},
      'policy.yaml:10:10 include: cannot be read: is there a file /etc/bourse/gone.yaml?',
    ],
    ['include: [5]', {}, 'include[0]: must be a text, or a list of them'],
    ['include: a.yaml', { 'a.yaml': '[1]' }, 'a.yaml:1:1 : must be a mapping'],
    ['include: a.yaml', { 'a.yaml': 'routes: [' }, 'a.yaml:1:'],
    ['include: a.yaml', { 'a.yaml': '\nroutez: []' }, 'a.yaml:2:1 routez: unknown key "routez"'],
    [
      'include: a.yaml',
      { 'a.yaml': 'extends: b.yaml' },
      'a.yaml:1:10 extends: cannot stand in a file that is included',
    ],
    ['include: a.yaml', { 'a.yaml': 'version: 2' }, 'a.yaml:1:10 version: must be 1'],
    [
      'include: a.yaml',
      { 'a.yaml': 'log: { level: "${GONE}" }' },
      'a.yaml:1:15 log.level: the environment variable GONE',
    ],
    [
      'include: a.yaml\nlog: { level: warn }',
      { 'a.yaml': 'log: { level: info }' },
      'a.yaml:1:15 log.level: is set already (line 11)',
    ],
    [
      'include: a.yaml\nroutes: [{ name: r, use: {} }]',
      { 'a.yaml': 'routes: [{ name: r, use: {} }]' },
      'a.yaml:1:18 routes[0].name: stands more than once',
    ],
    [
      'include: a.yaml',
      { 'a.yaml': 'routes:\n  - { name: r, when: { rol: x }, use: { models: [smal] } }' },
      'a.yaml:2:50 routes[0].use.models[0]: there is no model "smal"',
    ],
    ['include: a.yaml', { 'a.yaml': 'include: a.yaml' }, 'a.yaml:1:10 include: closes a circle'],
  ])('%s with %j', (line, files, expected) => {
    const problems = problemsWith(`${FLEET}${line}`, files);
    expect(problems.join('\n')).toContain(expected);
    expect(loadWith(`${FLEET}${line}`, files).kind).toBe('rejected');
  });

  test('a policy without files cannot include any', () => {
    const result = load(`${FLEET}include: a.yaml`);
    expect(result).toMatchObject({
      problems: [{ message: expect.stringContaining('without a folder') }],
    });
  });

  test('a chain of files has an end', () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 100; i++) files[`f${i}.yaml`] = `include: f${i + 1}.yaml`;
    expect(problemsWith(`${FLEET}include: f0.yaml`, files)[0]).toContain('is one file too many');
  });
});

describe('secrets by reference', () => {
  test('${NAME} comes from the file that NAME_FILE names', () => {
    const text = FLEET.replace('"k"', '"${API_KEY}"');
    const env = { API_KEY_FILE: '../../run/secrets/key' };
    const files = { '../../run/secrets/key': ' sk-0123456789 \n' };
    const result = loadWith(text, files, { env });
    expect(result).toMatchObject({
      policy: { config: { instances: [{}, { apiKey: 'sk-0123456789' }, {}] } },
    });
    expect(problemsWith(text, {}, { env })[0]).toContain(
      'the file that API_KEY_FILE names cannot be read',
    );
    const both = loadWith(text, files, { env: { ...env, API_KEY: 'own' } });
    expect(both).toMatchObject({ policy: { config: { instances: [{}, { apiKey: 'own' }, {}] } } });
  });
});

const RECIPES = `${FLEET}
signals: { keywords: [{ name: titan, anyOf: [Titan], over: conversation }] }
constraints: [{ name: stays, when: { keyword: titan }, require: { site: on-prem } }]
recipes:
  support:
    roles: [agent]
    conditions: [{ name: guest, when: { role: guest } }]
    constraints: [{ name: no-guests, when: { condition: guest }, refuse: "guests write to us" }]
    routes:
      - { name: own, when: { role: agent }, use: { models: [small], mode: accuracy } }
  support-eu:
    extends: support
    constraints: [{ name: small-only, require: { model: small } }]
    routes: [{ name: eu, when: { keyword: titan }, use: { mode: eco } }]
routes:
  - { name: first, use: { mode: latency } }
`;

describe('recipes', () => {
  const policy = policyOf(RECIPES);
  const agent = { requestedModel: 'auto:support', roles: ['agent'] };

  test('decide requests that name them, under the constraints of the policy', async () => {
    expect(await mandateOf(policy, agent)).toMatchObject({
      route: 'support/own',
      mode: 'accuracy',
    });
    expect((await mandateOf(policy)).route).toBe('first');
    const bound = await mandateOf(policy, { ...agent, text: 'Titan' });
    expect(bound.rules.map(({ constraint }) => constraint)).toEqual(['stays']);
    expect((await refusalOf(policy, { ...agent, roles: ['agent', 'guest'] })).message).toContain(
      'guests write to us',
    );
    expect((await mandateOf(policy, { roles: ['guest'] })).rules).toEqual([]);
    expect(
      (await mandateOf(policy, { ...agent, requestedModel: 'router/auto:support' })).route,
    ).toBe('support/own');
  });

  test('a mode that is asked for beside them counts; their name is none', async () => {
    const request = { ...agent, preferences: { mode: 'support' } };
    expect((await mandateOf(policy, request)).mode).toBe('accuracy');
    expect((await mandateOf(policy, { ...agent, preferences: { mode: 'eco' } })).mode).toBe('eco');
    const limits = { ...agent, preferences: { mode: 'support', weights: { usdPerSecond: 9 } } };
    expect((await mandateOf(policy, limits)).objective.usdPerSecond).toBe(9);
    const tenant = policyOf(`${RECIPES}tenants: [{ id: acme, mode: eco }]`);
    expect((await mandateOf(tenant, request)).mode).toBe('eco');
  });

  test('are for who has one of their roles', async () => {
    const refusal = await refusalOf(policy, { ...agent, roles: ['other'] });
    expect(refusal).toMatchObject({ code: 'BRS_FORBIDDEN_MODEL', reason: 'model-forbidden' });
    const eu = await refusalOf(policy, { requestedModel: 'auto:support-eu' });
    expect(eu.code).toBe('BRS_FORBIDDEN_MODEL');
  });

  test('a name that is neither mode nor recipe is refused with those that the caller may use', async () => {
    const request = { requestedModel: 'auto:suport', preferences: { mode: 'suport' } };
    expect((await refusalOf(policy, request)).message).toBe(
      'The field "model" must be "auto:" and one of accuracy, economy, eco, latency.',
    );
    const asAgent = await refusalOf(policy, { ...request, roles: ['agent'] });
    expect(asAgent.message).toContain('latency, support, support-eu');
  });

  test('one that extends another has its constraints and, after its own, its routes', async () => {
    const request = { requestedModel: 'auto:support-eu', roles: ['agent'] };
    const mandate = await mandateOf(policy, { ...request, text: 'Titan' });
    expect([mandate.route, mandate.rules.map(({ constraint }) => constraint)]).toEqual([
      'support-eu/eu',
      ['small-only', 'stays'],
    ]);
    expect((await mandateOf(policy, request)).route).toBe('support-eu/own');
    const refused = await refusalOf(policy, { ...request, roles: ['agent', 'guest'] });
    expect(refused.message).toContain('guests write');
  });

  test('explanations show the recipe and its rules', () => {
    const tree = policy.explain('support/own', [], 'auto:support');
    expect(tree.recipe).toBe('support');
    expect(tree.routes.map(({ text }) => text)).toEqual(['support/own', 'support/default']);
    expect(tree.constraints).toHaveLength(2);
    expect(policy.explain('first', [], 'auto').recipe).toBeUndefined();
    expect(policy.config.recipes).toEqual([
      { name: 'support', roles: ['agent'] },
      { name: 'support-eu', roles: ['agent'] },
    ]);
    expect(fleetOf(policy).states).toHaveLength(3);
  });

  test.each([
    ['{ eco: {} }', 'recipes.eco: is the name of a mode: auto:eco asks for that'],
    ['{ "a b": {} }', 'recipes["a b"]'],
    ['{ r: { routez: [] } }', 'recipes.r.routez: unknown key'],
    ['{ r: { extends: s } }', 'recipes.r.extends: there is no recipe "s"'],
    ['{ r: { extends: r } }', 'recipes.r.extends: closes a circle: "r" (line 10) extends "r"'],
    [
      '{ r: { routes: [{ name: x, use: { models: [smal] } }] } }',
      'recipes.r.routes[0].use.models[0]: there is no',
    ],
    [
      '{ r: { routes: [{ name: x, when: { rol: y }, use: {} }] } }',
      'recipes.r.routes[0].when.rol: unknown condition',
    ],
    [
      '{ r: { conditions: [{ name: c, when: { rol: y } }] } }',
      'recipes.r.conditions[0].when.rol: unknown condition',
    ],
    [
      '{ r: { routes: [{ name: x, use: {} }, { name: x, use: {} }] } }',
      'recipes.r.routes[1].name: stands more',
    ],
    [
      '{ r: { constraints: [{ name: c, refuse: a }] }, s: { extends: r, constraints: [{ name: c, refuse: b }] } }',
      'recipes.s.constraints[0].name: is inherited (line 10)',
    ],
    [
      '{ r: { constraints: [{ name: g, refuse: a }] } }',
      'recipes.r.constraints[0].name: is the name of a constraint of the whole',
    ],
  ])('recipes: %s', (value, expected) => {
    const text = `${FLEET}recipes: ${value}\nconstraints: [{ name: g, refuse: no, when: { role: x } }]`;
    expect(problemsWith(text, {}).join('\n')).toContain(expected);
  });

  test('recipes of two files merge; their constraints are replaced only where it is said', () => {
    const base = { 'base.yaml': RECIPES };
    const text = `version: 1
extends: base.yaml
recipes: { support: { constraints: [{ name: no-guests, WORD refuse: other }] } }`;
    expect(problemsWith(text.replace('WORD ', ''), base)[0]).toContain(
      'policy.yaml:3:45 recipes.support.constraints[0].name: is inherited (/etc/bourse/base.yaml:17)',
    );
    const policy = policyWith(text.replace('WORD', 'override: true,'), base);
    expect(policy.explain('', [], 'auto:support').routes.map(({ text: name }) => name)).toEqual([
      'support/own',
      'support/default',
    ]);
  });
});

const NAMES = ['a', 'b', 'c', 'd'];
const entry = fc.record({
  name: fc.constantFrom(...NAMES),
  override: fc.boolean(),
  refuse: fc.nat(9),
});
const layer = fc.record({
  constraints: fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 4 }),
  routes: fc.uniqueArray(fc.record({ name: fc.constantFrom(...NAMES), tier: fc.nat(9) }), {
    selector: ({ name }) => name,
    maxLength: 4,
  }),
  attempts: fc.record({ max: fc.nat(9), totalTimeoutMs: fc.nat(9) }, { requiredKeys: [] }),
});
let files = 0;
const rootOf = (value: unknown): PlacedMap =>
  placedOf(readDocument(JSON.stringify(value), {}, { file: `/f${files++}` })) as PlacedMap;
const plain = (root: PlacedMap): unknown => documentOf(root, [], new Map()).value;

describe('laying policies over one another', () => {
  test('is associative, where nothing that protects is replaced without a word', () => {
    const quiet = { add: () => {} };
    fc.assert(
      fc.property(layer, layer, layer, (a, b, c) => {
        const said = [a, b, c].map((each) => ({
          ...each,
          constraints: each.constraints.map((one) => ({ ...one, override: true })),
        }));
        const [low, middle, high] = said.map(rootOf) as [PlacedMap, PlacedMap, PlacedMap];
        const left = layOver(layOver(low, middle, quiet), high, quiet);
        const right = layOver(low, layOver(middle, high, quiet), quiet);
        const shown = (root: PlacedMap): string => JSON.stringify(withoutOverride(plain(root)));
        expect(shown(left)).toBe(shown(right));
      }),
    );
  });

  test('never loses a constraint: one that is replaced was replaced by name, and said so', () => {
    fc.assert(
      fc.property(layer, layer, (below, above) => {
        const problems: unknown[] = [];
        const laid = plain(
          layOver(rootOf(below), rootOf(above), { add: (one) => problems.push(one) }),
        );
        const { constraints } = laid as { constraints: { name: string; refuse: number }[] };
        const silent = above.constraints.filter(
          ({ name, override }) => !override && below.constraints.some((one) => one.name === name),
        );
        expect(problems).toHaveLength(silent.length);
        for (const { name, refuse } of below.constraints) {
          const own = above.constraints.find((one) => one.name === name);
          expect(constraints).toContainEqual(
            expect.objectContaining({ name, refuse: own?.refuse ?? refuse }),
          );
        }
      }),
    );
  });
});

function withoutOverride(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, one: unknown) => (key === 'override' ? undefined : one)),
  );
}

describe('however a policy is cut into files', () => {
  const places = ['policy.yaml', 'part.yaml', 'base.yaml', 'base-part.yaml', 'root.yaml'] as const;
  const heads: Readonly<Record<(typeof places)[number], string>> = {
    'policy.yaml': `${FLEET}extends: base.yaml\ninclude: part.yaml\n`,
    'part.yaml': '',
    'base.yaml': 'extends: [root.yaml]\ninclude: [base-part.yaml]\n',
    'base-part.yaml': 'include: part.yaml\n',
    'root.yaml': 'version: 1\n',
  };

  test('every constraint binds, and every route stands once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...places), fc.constantFrom(...places)), {
          maxLength: 8,
        }),
        (spots) => {
          const bodies = Object.fromEntries(
            places.map((place) => {
              const pick = (which: 0 | 1, entry: (i: number) => string): string =>
                spots.flatMap((spot, i) => (spot[which] === place ? [entry(i)] : [])).join(', ');
              const constraints = pick(0, (i) => `{ name: c${i}, forbid: { site: x${i} } }`);
              const routes = pick(1, (i) => `{ name: r${i}, when: { role: x }, use: {} }`);
              const body = `${heads[place]}constraints: [${constraints}]\nroutes: [${routes}]\n`;
              return [place, body];
            }),
          );
          const { 'policy.yaml': text, ...others } = bodies;
          const tree = policyWith(text!, others).explain('', []);
          expect(new Set(tree.constraints.map(({ text: rule }) => rule.split(':')[0]))).toEqual(
            new Set(spots.map((_, i) => `c${i}`)),
          );
          expect(tree.constraints).toHaveLength(spots.length);
          expect(tree.routes).toHaveLength(spots.length + 1);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('whatever a recipe does', () => {
  const rule = fc.record({
    when: fc.constantFrom('{ role: x }', '{ keyword: titan }', '{ not: { role: x } }', null),
    effect: fc.constantFrom('require: { site: on-prem }', 'forbid: { model: large }'),
  });

  test('every constraint that binds `auto` binds `auto:NAME` too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { maxLength: 5 }),
        fc.array(rule, { maxLength: 3 }),
        fc.constantFrom('x', 'y'),
        fc.constantFrom('Titan', 'hello'),
        async (own, recipe, role, text) => {
          const list = (rules: typeof own, prefix: string): string =>
            rules
              .map(
                ({ when, effect }, i) =>
                  `{ name: ${prefix}${i}, ${when ? `when: ${when}, ` : ''}${effect} }`,
              )
              .join(', ');
          const policy = policyOf(`${FLEET}
signals: { keywords: [{ name: titan, anyOf: [Titan] }] }
constraints: [${list(own, 'own')}]
recipes: { r: { constraints: [${list(recipe, 'r')}], routes: [{ name: x, use: { mode: eco } }] } }`);
          const names = async (requestedModel: string): Promise<readonly string[]> => {
            const mandate = await mandateOf(policy, { requestedModel, roles: [role], text });
            return mandate.rules.map(({ constraint }) => constraint);
          };
          expect(await names('auto:r')).toEqual(expect.arrayContaining([...(await names('auto'))]));
        },
      ),
      { numRuns: 40 },
    );
  });
});
