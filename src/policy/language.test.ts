import { describe, expect, test } from 'vitest';
import type { RuleNode, Signal } from '../contract/index.ts';
import { NO_TELEMETRY } from '../contract/index.ts';
import { createVirtualClock } from '../kernel/index.ts';
import { fakeWorkload } from '../signals/fixtures/fake-workload.ts';
import { BUILT_IN_SIGNALS, openSignals } from '../signals/index.ts';
import {
  decide,
  FLEET,
  fleetOf,
  load,
  mandateOf,
  policyOf,
  problemsOf,
  scriptedSignals,
} from './fixtures/policy.ts';

function scripted(rules: string) {
  const reads: string[] = [];
  return { policy: policyOf(FLEET + rules, scriptedSignals(reads)), reads };
}

/** Whether the one route whose condition is `when` is taken, and what was read for it. */
async function taken(when: string, sections = '') {
  const { policy, reads } = scripted(`${sections}\nroutes: [{ name: r, when: ${when}, use: {} }]`);
  return { isTaken: (await mandateOf(policy)).route === 'r', reads };
}

/** Lines of a rule tree: the value, and the text. */
function linesOf(node: RuleNode, depth = 0): readonly string[] {
  const value = node.isDoubtful ? 'doubtful' : String(node.value);
  const children = node.children.flatMap((child) => linesOf(child, depth + 1));
  return [`${'  '.repeat(depth)}${value}: ${node.text}`, ...children];
}

const rejects = (line: string, expected: string): void => {
  const problems = problemsOf(`${FLEET}\n${line}\n`);
  expect(problems.join('\n')).toContain(expected);
  expect(load(`${FLEET}\n${line}\n`).kind).toBe('rejected');
};

describe('atLeast', () => {
  test.each([
    ['{ n: 2, of: [{ cheap: "true" }, { scan: "false" }, { dear: "true" }] }', true, 3],
    ['{ n: 2, of: [{ cheap: "true" }, { scan: "true" }, { dear: "true" }] }', true, 2],
    ['{ n: 2, of: [{ cheap: "false" }, { scan: "false" }, { dear: "true" }] }', false, 2],
    ['{ n: 2, of: [{ cheap: unknown }, { scan: "true" }, { dear: later }] }', true, 3],
    ['{ n: 2, of: [{ cheap: unknown }, { scan: unknown }, { dear: "true" }] }', false, 2],
    ['{ n: 1, of: [{ dear: "true" }] }', true, 1],
  ])('%s is %s after %d reads', async (value, expected, count) => {
    const { isTaken, reads } = await taken(`{ atLeast: ${value} }`);
    expect(isTaken).toBe(expected);
    expect(reads).toHaveLength(count);
  });

  test.each([
    [
      '{ n: 3, of: [{ role: a }, { role: b }] }',
      'routes[0].when.atLeast.n: must be a whole number',
    ],
    ['{ n: 0, of: [{ role: a }] }', 'routes[0].when.atLeast.n: must be a whole number from 1 to 1'],
    ['{ n: 1, off: [{ role: a }] }', 'routes[0].when.atLeast.off: unknown key "off"'],
    ['{ n: 1, of: [] }', 'routes[0].when.atLeast.of: must be a list'],
    ['{ n: 1, of: [{ rol: a }] }', 'routes[0].when.atLeast.of[0].rol: unknown condition "rol"'],
    ['3', 'routes[0].when.atLeast: must be a mapping with n, of'],
  ])('%s is refused', (value, expected) => {
    rejects(`routes: [{ name: r, when: { atLeast: ${value} }, use: {} }]`, expected);
  });
});

describe('named conditions', () => {
  const conditions = `conditions:
  - { name: both, when: { cheap: "true", condition: other } }
  - { name: other, when: { not: { scan: "false" } } }`;

  test('stand in other conditions, and show their name', async () => {
    const { policy, reads } = scripted(`${conditions}
constraints: [{ name: c, when: { not: { condition: both } }, refuse: No. }]
routes: [{ name: r, when: { condition: both }, use: {} }]`);
    const { readings } = await decide(policy);
    expect(reads).toEqual(['cheap true', 'scan false']);
    expect(linesOf(policy.explain('r', readings).routes[0]!)).toEqual([
      'true: r',
      '  true: condition both',
      '    true: all',
      '      true: cheap: true',
      '      true: condition other',
      '        true: not',
      '          false: scan: false',
    ]);
  });

  test.each([
    [
      '[{ name: a, when: { condition: b } }]',
      'conditions[0].when.condition: there is no condition "b"',
    ],
    ['[{ name: a }]', 'conditions[0]: must have when'],
    [
      '[{ name: a, when: { role: x } }, { name: a, when: { role: y } }]',
      'conditions[1].name: stands more',
    ],
    [
      '[{ name: a, when: { condition: b } }, { name: b, when: { not: { condition: a } } }]',
      'conditions[1].when.not.condition: closes a circle: condition "a" (line 11) needs condition "b" (line 11) needs condition "a"',
    ],
    ['[{ name: a, when: { condition: a } }]', 'conditions[0].when.condition: closes a circle'],
    ['[{ name: a, when: { roll: x } }]', 'conditions[0].when.roll: unknown condition "roll"'],
  ])('%s is refused', (list, expected) => {
    rejects(`conditions: ${list}`, expected);
  });

  test('what is wrong with one is said once, however often it is used', () => {
    const problems = problemsOf(`${FLEET}conditions: [{ name: a, when: { rol: x } }]
routes: [{ name: r, when: { any: [{ condition: a }, { condition: a }] }, use: {} }]`);
    expect(problems).toHaveLength(1);
  });

  test('warn when nothing uses them', () => {
    const problems = problemsOf(`${FLEET}conditions: [{ name: a, when: { role: x } }]`);
    expect(problems).toEqual(['10:14 conditions[0]: nothing uses the condition "a"']);
  });

  test('cannot grow without end', () => {
    const list = Array.from(
      { length: 40 },
      (_, i) =>
        `  - { name: c${i + 1}, when: { all: [{ condition: c${i} }, { condition: c${i} }] } }`,
    );
    rejects(
      `conditions:\n  - { name: c0, when: { role: x } }\n${list.join('\n')}`,
      'has more than 5000 conditions once those that it names are written out',
    );
  });
});

describe('onError', () => {
  test.each([
    ['{ cheap: unknown, onError: match }', true],
    ['{ cheap: throw, onError: noMatch }', false],
    ['{ not: { cheap: unknown, onError: noMatch } }', true],
    ['{ not: { cheap: unknown, onError: unknown } }', false],
    ['{ dear: reject, onError: match }', true],
    ['{ cheap: "false", onError: match }', false],
    ['{ cheap: unknown, scan: "false", onError: match }', false],
    ['{ all: [{ cheap: unknown, onError: match }, { scan: "true" }] }', true],
  ])('%s is %s', async (when, expected) => {
    expect((await taken(when)).isTaken).toBe(expected);
  });

  test('shows', async () => {
    const { policy } = scripted(
      'routes: [{ name: r, when: { cheap: unknown, onError: match }, use: {} }]',
    );
    const { readings } = await decide(policy);
    expect(linesOf(policy.explain('r', readings).routes[0]!)).toEqual([
      'true: r',
      '  true: unknown counts as match',
      '    null: cheap: unknown',
    ]);
  });

  test('is strict, and warns where a constraint would fail open', () => {
    rejects(
      'routes: [{ name: r, when: { role: x, onError: macth }, use: {} }]',
      'onError: must be one of',
    );
    rejects('routes: [{ name: r, when: { onError: match }, use: {} }]', 'must have a condition');
    const warned = (when: string) =>
      problemsOf(
        `${FLEET}constraints: [{ name: c, when: ${when}, forbid: { site: cloud } }]`,
      ).join();
    const expected = 'the constraint "c" does not apply when a signal of it fails';
    expect(warned('{ role: x, onError: noMatch }')).toContain(expected);
    expect(warned('{ not: { role: x, onError: match } }')).toContain(expected);
    expect(warned('{ role: x, onError: match }')).not.toContain(expected);
    expect(warned('{ not: { role: x, onError: noMatch } }')).not.toContain(expected);
  });
});

test('a plugin cannot take a word of the language', () => {
  const signal = { ...BUILT_IN_SIGNALS[1]!, kind: 'onError' } as Signal;
  const result = load(FLEET, { registry: { signals: [signal], engines: [] } });
  expect(JSON.stringify(result)).toContain('a signal of the kind \\"onError\\" cannot be');
});

test('routes go by tier, then by priority, then by the order of the file', async () => {
  const policy = policyOf(`${FLEET}routes:
  - { name: late, tier: 2, priority: 99, use: {} }
  - { name: low, tier: 1, when: { role: [x, y] }, use: {} }
  - { name: high, tier: 1, priority: 1, when: { role: x }, use: {} }
  - { name: first, when: { role: z }, use: {} }
`);
  const routeOf = async (...roles: string[]) => (await mandateOf(policy, { roles })).route;
  expect(await routeOf('x', 'z')).toBe('first');
  expect(await routeOf('x')).toBe('high');
  expect(await routeOf('y')).toBe('low');
  expect(await routeOf()).toBe('late');
  expect(problemsOf(`${FLEET}routes: [{ name: r, tier: 0.5, use: {} }]`)[0]).toContain(
    'whole number',
  );
});

describe('pool', () => {
  const policy = policyOf(`${FLEET}routes:
  - { name: crowded, when: { pool: { of: { site: on-prem }, queue: { atLeast: 5 }, kvUsage: { above: 0.5 } } }, use: {} }
  - { name: gone, when: { pool: { of: { model: [large] }, ready: { below: 1 } } }, use: {} }
`);
  const routeOf = async (change: (id: string) => object) => {
    const fleet = fleetOf(policy);
    const states = fleet.states.map((state) => ({
      ...state,
      telemetry: { ...NO_TELEMETRY, waitingRequests: 0, kvUsageRatio: 0.1 },
      ...change(state.instance.id),
    }));
    const workload = fakeWorkload();
    const reader = openSignals(policy.slots, workload, createVirtualClock());
    const result = await policy.decide(workload, reader, { ...fleet, states }, null);
    const routes = policy.explain('', reader.readings()).routes;
    const replayed = routes.find((node) => node.value === true);
    expect(replayed?.text).toBe(result.kind === 'mandate' ? result.route : null);
    return replayed?.text;
  };
  const load = (waitingRequests: number | null, kvUsageRatio: number | null) => ({
    telemetry: { ...NO_TELEMETRY, waitingRequests, kvUsageRatio },
  });

  test('is read from the fleet that decides, and replayed from what was read', async () => {
    expect(await routeOf(() => ({}))).toBe('default');
    expect(await routeOf((id) => (id === 'b' ? { lifecycle: 'down' } : {}))).toBe('gone');
    expect(await routeOf((id) => (id === 'b' ? {} : load(3, 0.6)))).toBe('crowded');
    expect(await routeOf((id) => (id === 'a' ? load(5, 1) : {}))).toBe('crowded');
    expect(await routeOf((id) => (id === 'b' ? load(50, 1) : {}))).toBe('default');
    expect(await routeOf((id) => (id === 'a' ? load(5, 0.8) : {}))).toBe('default');
  });

  test('is unknown where a ready instance does not tell, or none is ready', async () => {
    expect(await routeOf((id) => (id === 'a' ? load(9, 1) : load(null, 1)))).toBe('default');
    expect(await routeOf((id) => (id === 'b' ? {} : { ...load(9, 1), lifecycle: 'down' }))).toBe(
      'default',
    );
  });

  test.each([
    ['{ queu: { above: 1 } }', 'pool.queu: unknown key "queu"'],
    ['{ of: { site: x } }', 'pool: must have a comparison of one of'],
    ['{ queue: 3 }', 'pool.queue: must be a mapping with'],
    ['{ queue: { atLeast: 3, below: 3 } }', 'pool.queue: can never be true'],
    ['{ queue: { over: 3 } }', 'pool.queue.over: unknown key "over"'],
    ['{ of: on-prem, ready: { below: 1 } }', 'pool.of: must be a mapping of labels'],
    ['{ of: { model: smal }, ready: { below: 1 } }', 'pool.of.model: there is no model "smal"'],
  ])('%s is refused', (value, expected) => {
    rejects(`routes: [{ name: r, when: { pool: ${value} }, use: {} }]`, expected);
  });
});

describe('scores', () => {
  const risk = (...terms: readonly string[]) => `signals:
  scores:
    - name: risk
      terms: [${terms.join(', ')}]
      bands: [{ name: low, atLeast: 0 }, { name: high, atLeast: 0.8 }, { name: mid, atLeast: 0.3 }]`;
  const cheap = '{ when: { cheap: "true" }, weight: 0.7 }';
  const scan = '{ when: { scan: "true" }, weight: 0.1 }';
  const dear = '{ when: { dear: "true" }, weight: 0.5 }';
  const unknown = '{ when: { scan: unknown }, weight: 0.5 }';

  test.each([
    [[cheap, scan], '{ atLeast: 0.8 }', true, 2],
    [[cheap, scan], '{ above: 0.8 }', 'never', 0],
    [[cheap, scan, dear], '{ atLeast: 0.6 }', true, 1],
    [[cheap, scan, dear], '{ atMost: 0.6 }', false, 1],
    [[cheap, scan], '{ equals: 0.8 }', true, 2],
    [[cheap, unknown], '{ atLeast: 0.6 }', true, 1],
    [[cheap, unknown], '{ atLeast: 0.9 }', false, 2],
    [[cheap, unknown], '{ band: mid }', false, 2],
    [[cheap, scan, dear], '{ band: high }', true, 2],
    [[cheap, '{ when: { scan: "true" }, weight: -0.5 }'], '{ band: low }', true, 2],
    [['{ value: cheap, weight: 0.4 }', scan], '{ equals: 0.5 }', true, 2],
  ] as const)('of %j %s is %s', async (terms, condition, expected, count) => {
    const [, inner] = /^\{ (.*) \}$/.exec(condition)!;
    const when = `{ score: { name: risk, ${inner} } }`;
    if (expected === 'never') {
      const text = `${FLEET}${risk(...terms)}\nroutes: [{ name: r, when: ${when}, use: {} }]`;
      const registry = { signals: scriptedSignals([]), engines: [] };
      expect(problemsOf(text, { registry }).join()).toContain('can never be true');
      return;
    }
    const { isTaken, reads } = await taken(when, risk(...terms));
    expect(isTaken).toBe(expected);
    expect(reads).toHaveLength(count);
  });

  test('show what they came to', async () => {
    const { policy } = scripted(`${risk(cheap, unknown)}
routes: [{ name: r, when: { score: { name: risk, band: mid } }, use: {} }]`);
    const { readings } = await decide(policy);
    expect(linesOf(policy.explain('r', readings).routes[0]!).slice(0, 4)).toEqual([
      'null: r',
      '  null: score risk: mid',
      '    null: all',
      '      true: score risk >= 0.3 (0.7 to 1.2)',
    ]);
  });

  test('a measure takes a share of its range', async () => {
    const policy = policyOf(`${FLEET}signals:
  scores: [{ name: size, terms: [{ value: contextTokens, range: [0, 1000], weight: 1 }] }]
routes: [{ name: big, when: { score: { name: size, atLeast: 0.5 } }, use: {} }]`);
    const routeOf = async (promptBytes: number) => (await mandateOf(policy, { promptBytes })).route;
    expect(await routeOf(2000)).toBe('big');
    expect(await routeOf(1996)).toBe('default');
    expect(await routeOf(1_000_000)).toBe('big');
  });

  test.each([
    ['[{ weight: 1 }]', 'signals.scores[0].terms[0]: must have when or value'],
    ['[{ when: { role: x }, weight: 0 }]', 'signals.scores[0].terms[0].weight: must not be 0'],
    ['[{ when: { role: x }, wieght: 1 }]', 'signals.scores[0].terms[0].wieght: unknown key'],
    ['[{ when: { rol: x }, weight: 1 }]', 'signals.scores[0].terms[0].when.rol: unknown condition'],
    ['[{ value: rol, weight: 1 }]', 'signals.scores[0].terms[0].value: unknown condition "rol"'],
    ['[{ value: contextTokens, range: [2, 1], weight: 1 }]', 'range: must begin with the lower'],
    ['[{ when: { score: { name: s, atLeast: 1 } }, weight: 1 }]', 'closes a circle: score "s"'],
  ])('with terms %s are refused', (terms, expected) => {
    rejects(`signals: { scores: [{ name: s, terms: ${terms} }] }`, expected);
  });
});

describe('groups', () => {
  const groups = `signals:
  scores: [{ name: s, terms: [{ when: { scan: "true" }, weight: 0.6 }, { when: { dear: unknown }, weight: 0.2 }] }]
  groups:
    - name: desk
      temperature: 0.2
      of:
        - { name: billing, when: { cheap: "false" } }
        - { name: support, score: s }
        - { name: sales, when: { cheap: unknown } }`;

  test.each([
    ['{ name: desk, is: billing }', false],
    ['{ not: { group: { name: desk, is: billing } } }', true],
    ['{ name: desk, is: support }', false],
    ['{ name: desk, is: support, confidence: 0.9 }', false],
  ])('%s is %s', async (value, expected) => {
    const when = value.startsWith('{ not') ? value : `{ group: ${value} }`;
    expect((await taken(when, groups)).isTaken).toBe(expected);
  });

  test('the highest wins, surely enough', async () => {
    const certain = groups.replace('cheap: unknown', 'cheap: "false"');
    const holds = async (rest: string) =>
      (await taken(`{ group: { name: desk, ${rest} } }`, certain)).isTaken;
    expect(await holds('is: support')).toBe(true);
    expect(await holds('is: support, confidence: 0.9')).toBe(true);
    expect(await holds('is: support, confidence: 0.99')).toBe(false);
    expect(await holds('is: sales')).toBe(false);
  });

  test('of equal members the first wins, and none without a score', async () => {
    const even = (script: string) => `signals:
  groups: [{ name: g, of: [{ name: a, when: { cheap: "${script}" } }, { name: b, when: { scan: "${script}" } }] }]`;
    const holds = async (member: string, script: string) =>
      (await taken(`{ group: { name: g, is: ${member} } }`, even(script))).isTaken;
    expect(await holds('a', 'true')).toBe(true);
    expect(await holds('b', 'true')).toBe(false);
    expect(await holds('a', 'false')).toBe(false);
  });

  test.each([
    ['of: [{ name: a, when: { role: x } }]', 'of: must not'],
    ['of: [{ name: a, when: { role: x } }, { name: a, when: { role: y } }]', 'a name of its own'],
    ['of: [{ name: a, when: { role: x } }, { name: b }]', 'of[1]: must have when or score'],
    ['of: [{ name: a, when: { role: x } }, { name: b, score: t }]', 'there is no score "t"'],
  ])('%s is refused', (members, expected) => {
    rejects(`signals: { groups: [{ name: g, ${members} }] }`, expected);
  });
});
