import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FLEET, load, policyOf, problemsOf } from './fixtures/policy.ts';

const DESIGN = `version: 1
server: { host: 127.0.0.1, port: 8080, admin: { port: 8081 } }
keys:
  - { tenant: acme, sha256: "\${ACME_KEY_SHA256}", roles: [analyst] }
models:
  - id: qwen2.5-7b
    price: { inputPerMTok: 0.05, cachedInputPerMTok: 0.01, outputPerMTok: 0.10 }      # USD
    accuracy: { default: 0.55, math: 0.62 }                 # priors, learned from then on
    energy: { idleWatts: 70, peakWatts: 300, gpus: 1 }
    reasoning: qwen3                                        # how to switch thinking on and off
  - { id: llama-70b, price: { inputPerMTok: 0.6, outputPerMTok: 0.8 }, accuracy: { default: 0.72 } }
instances:
  - { id: a, model: qwen2.5-7b, engine: vllm, url: "http://10.0.0.5:8000/v1/" }
  - { id: b, model: llama-70b, engine: openai, apiKey: "\${OPENAI_API_KEY}", labels: { site: on-prem, rack: 4 } }
signals:
  keywords:
    - { name: titan, anyOf: ["Project Titan"], over: conversation }
constraints:
  - { name: titan-stays-on-prem, when: { keyword: titan }, require: { site: on-prem } }
routes:
  - name: hard
    priority: 100
    when: { all: [ { keyword: titan }, { contextTokens: { atLeast: 1_000 } } ] }
    use: { models: [llama-70b], mode: accuracy, reasoning: high, systemPrompt: math-expert }
  - name: default
    use: { models: "*", mode: economy }
modes:
  accuracy: { usdPerError: 0.06 }
budgets:
  - { tenant: "*", per: day, tokens: 1_000_000, energyKilojoules: 2_000, usd: 5 }
plugins: [./my-signal.ts]
store: { path: state/bourse.db }
`;
const ENV = { ACME_KEY_SHA256: 'AB'.repeat(32), OPENAI_API_KEY: 'sk-live-1234567890' };

describe('a good file', () => {
  const result = load(DESIGN, { env: ENV });
  const config = result.kind === 'policy' ? result.policy.config : null;

  test('loads without a warning', () => {
    expect(result).toMatchObject({ kind: 'policy', warnings: [], policy: { generation: 7 } });
  });

  test('has its units converted', () => {
    expect(config?.models[0]?.price).toEqual({
      inputPicoUsd: 50_000,
      cachedInputPicoUsd: 10_000,
      outputPicoUsd: 100_000,
    });
    expect(config?.models[1]?.price?.cachedInputPicoUsd).toBe(600_000);
    expect(config?.budgets).toEqual([
      {
        id: 'tenant:*@day',
        scope: { tenant: '*', key: null, user: null, route: null },
        per: 'day',
        limits: { tokens: 1_000_000, picoUsd: 5e12, microjoules: 2e12 },
      },
    ]);
  });

  test('has its references resolved and its defaults filled in', () => {
    expect(config?.instances[0]).toMatchObject({ url: 'http://10.0.0.5:8000', maxRunning: 256 });
    expect(config?.instances[0]?.model).toBe(config?.models[0]);
    expect(config?.instances[1]).toMatchObject({
      url: 'https://api.openai.com',
      apiKey: ENV.OPENAI_API_KEY,
      labels: new Map([
        ['site', 'on-prem'],
        ['rack', '4'],
      ]),
    });
    expect(config?.models[0]?.power).toMatchObject({ steepness: 1, midpoint: 4.2 });
    expect(config?.models[0]?.accuracy).toEqual({
      default: 0.55,
      byDomain: new Map([['math', 0.62]]),
      questions: 400,
    });
    expect(config?.modes.get('accuracy')).toEqual({
      usdPerError: 0.06,
      usdPerSecond: 0.001,
      usdPerKilojoule: 0.00001,
    });
    expect(config?.keys[0]).toMatchObject({ id: 'acme:abababab', sha256: 'ab'.repeat(32) });
    expect(config?.plugins).toEqual(['/etc/bourse/my-signal.ts']);
    expect(config?.storePath).toBe('/etc/bourse/state/bourse.db');
    expect(config?.server.limits.bodyTimeoutMs).toBe(30_000);
  });

  test('needs nothing but its version', () => {
    expect(load('version: 1')).toMatchObject({ kind: 'policy', warnings: [] });
  });
});

describe('YAML that cannot be read', () => {
  test.each([
    ['a key twice', 'version: 1\nlog: {}\nlog: {}\n', '3:1 : the key stands twice'],
    ['a tab', 'version: 1\nlog:\n\tlevel: info\n', '3:1 : tabs cannot indent'],
    [
      'two documents',
      'version: 1\n---\nversion: 1\n',
      '2:1 : the file holds more than one document',
    ],
    ['an open bracket', 'version: 1\nkeys: [\n', '3:1 : the indentation does not fit'],
    ['an open quote', 'version: 1\nlog: "x\n', '3:1 : a character is missing'],
    ['an unknown tag', 'version: !!int 1\nlog: !foo x\n', '2:6 : a tag (!name) is not known'],
    [
      'an unquoted reference in braces',
      'version: 1\nlog: { level: ${L} }\n',
      '2:16 : something stands',
    ],
    ['a list and a mapping', '- a\nb: c\n', '2:1 : something stands where nothing may'],
    ['an unknown alias', 'version: 1\nlog: *x\n', '2:6 log: the alias refers to no anchor'],
    ['a cycle of aliases', 'version: 1\nlog: &x [*x]\n', '2:10 log[0][0]'],
    ['nothing', '# only a comment\n', 'null:null : the file is empty'],
    ['a text', 'hello', '1:1 : must be a mapping, not a text'],
    ['a complex key', 'version: 1\n? [a]\n: b\n', '1:1 : a key must be a plain text'],
    ['a prototype', 'version: 1\n__proto__: { x: 1 }\n', '1:1 : a key must be a plain text'],
  ])('%s', (_, text, expected) => {
    const problems = problemsOf(text);
    expect(
      problems.some((problem) => problem.startsWith(expected)),
      problems.join('\n'),
    ).toBe(true);
    expect(load(text).kind).toBe('rejected');
  });

  test('deep nesting, alias bombs and huge files are refused in good time', () => {
    expect(load('['.repeat(50_000)).kind).toBe('rejected');
    const lines = ['version: 1', 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 12; i++) {
      lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(',')}]`);
    }
    expect(problemsOf(lines.join('\n')).join('\n')).toContain('more than 100000 values');
    expect(problemsOf(`#${'x'.repeat(5 * 1024 * 1024)}`)[0]).toContain('larger than 4 MiB');
  });
});

describe('a wrong value', () => {
  test.each([
    ['servr: {}', '11:1 servr: unknown key "servr"'],
    ['server: { prot: 80 }', '11:11 server.prot: unknown key "prot"'],
    ['server: { port: x }', '11:17 server.port: must be a number, not a text'],
    ['server: { port: 70000 }', '11:17 server.port: must not be more than 65535'],
    ['server: { host: 0.0.0.0 }', '11:17 server.host: is not a loopback address, and no keys'],
    ['server: { port: 8081 }', '11:9 server.admin.port: is the port of the model API'],
    ['server: { admin: { host: 10.0.0.1 } }', '11:26 server.admin.host: is not a loopback address'],
    ['keys: [{ tenant: t, sha256: abc }]', '11:29 keys[0].sha256: must be the SHA-256'],
    ['keys: [{ tenant: 5, sha256: 5 }]', '11:18 keys[0].tenant: must be a text, not a number: put'],
    ['log: { level: loud }', '11:15 log.level: must be one of debug, info'],
    ['tenants: [{ id: t, mode: acuracy }]', '11:26 tenants[0].mode: there is no mode "acuracy"'],
    ['tenants: [{ id: t }, { id: t }]', '11:28 tenants[1].id: stands more than once'],
    ['modes: { mine: { usdPerError: 1 } }', '11:16 modes.mine: usdPerSecond is missing'],
    ['modes: { eco: { usdPerError: -1 } }', '11:30 modes.eco.usdPerError: must not be less than 0'],
    ['budgets: [{ per: day }]', '11:11 budgets[0]: must have tokens, usd or energyKilojoules'],
    ['budgets: [{ per: week, usd: 1 }]', '11:18 budgets[0].per: must be one of minute, hour'],
    [
      'budgets: [{ per: day, usd: 1, timeZone: Mars/Olympus }]',
      '11:41 budgets[0].timeZone: must be a time zone such as Europe/Berlin',
    ],
    [
      'budgets: [{ per: hour, usd: 1, timeZone: Europe/Berlin }]',
      '11:42 budgets[0].timeZone: has no meaning for a budget per hour',
    ],
    [
      'budgets: [{ per: total, usd: 1, carryOver: {} }]',
      '11:44 budgets[0].carryOver: needs a period: total never begins anew',
    ],
    [
      'budgets: [{ per: total, usd: 1, pacing: { target: 1 } }]',
      '11:41 budgets[0].pacing: needs a period: total never ends',
    ],
    [
      'budgets: [{ per: day, usd: 1, pacing: { target: 0 } }]',
      '11:49 budgets[0].pacing.target: must be',
    ],
    [
      'budgets: [{ per: day, usd: 1 }, { per: day, tokens: 1 }]',
      '11:33 budgets[1]: has the id, or the scope and period, of a budget above',
    ],
    [
      'routes: [{ name: r, use: { models: [q] } }]',
      '11:37 routes[0].use.models[0]: there is no model "q"',
    ],
    [
      'routes: [{ name: r, use: { models: [vectors] } }]',
      '11:37 routes[0].use.models[0]: is an embedding',
    ],
    ['routes: [{ name: named, use: {} }]', '11:18 routes[0].name: must not be "named"'],
    [
      'routes: [{ name: r, when: { keyword: x }, use: {} }]',
      '11:38 routes[0].when.keyword: there is no keyword "x"',
    ],
    [
      'routes: [{ name: r, when: { domain: math }, use: {} }]',
      '11:29 routes[0].when.domain: unknown condition "domain": there are all, any, not, atLeast, condition, score, group, onError, keyword',
    ],
    ['routes: [{ name: r, when: [], use: {} }]', '11:27 routes[0].when: must be a mapping'],
    [
      'routes: [{ name: r, when: { any: [] }, use: {} }]',
      '11:34 routes[0].when.any: must be a list',
    ],
    [
      'routes: [{ name: r, use: { systemPrompt: { text: a, moed: x } } }]',
      '11:53 routes[0].use.systemPrompt.moed: unknown key "moed"',
    ],
    [
      'routes: [{ name: r, when: { time: { from: "9:00" } }, use: {} }]',
      '11:43 routes[0].when.time.from: must be a quoted time',
    ],
    [
      'constraints: [{ name: c }]',
      '11:15 constraints[0]: must have require, forbid, tools or refuse',
    ],
    [
      'constraints: [{ name: c, refuse: x, forbid: { a: b } }]',
      '11:15 constraints[0]: cannot have refuse beside require, forbid or tools',
    ],
    [
      'constraints: [{ name: c, forbid: { models: small } }]',
      '11:36 constraints[0].forbid.models: "models" would be a label: write model',
    ],
    [
      'constraints: [{ name: c, require: { model: [smal] } }]',
      '11:45 constraints[0].require.model[0]: there is no model "smal"',
    ],
    [
      'signals: { keywords: [{ name: k, regex: "(" }] }',
      '11:41 signals.keywords[0].regex: is not an RE2',
    ],
    ['signals: { keywords: [{ name: k }] }', '11:23 signals.keywords[0]: must have one of anyOf'],
    ['signals: { keyword: [] }', '11:12 signals.keyword: unknown key "keyword"'],
    [
      'health: { breaker: { openMs: 9, openMsMax: 5 } }',
      '11:44 health.breaker.openMsMax: must not be',
    ],
  ])('%s', (line, expected) => {
    const problems = problemsOf(`${FLEET}\n${line}\n`);
    expect(
      problems.some((problem) => problem.startsWith(expected)),
      problems.join('\n'),
    ).toBe(true);
    expect(load(`${FLEET}\n${line}\n`).kind).toBe('rejected');
  });

  test.each([
    ['{ id: x, model: q, engine: vllm, url: "http://h" }', 'model: there is no model "q"'],
    ['{ id: x, model: small, engine: vlm, url: "http://h" }', 'engine: there is no engine "vlm"'],
    ['{ id: a, model: small, engine: vllm, url: "http://h" }', 'id: stands more than once'],
    ['{ id: x, model: small, engine: vllm }', 'url: is missing'],
    ['{ id: x, model: small, engine: vllm, url: "h:80" }', 'url: must begin with http'],
    ['{ id: x, model: small, engine: vllm, url: "nonsense" }', 'url: must be a URL'],
    ['{ id: x, model: small, engine: vllm, url: "http://u:pw@h" }', 'url: must not hold a user'],
    ['{ id: x, model: small, engine: vllm, url: "http://h?k=v" }', 'url: must not have a query'],
    [
      '{ id: x, model: small, engine: openai, labels: { model: y } }',
      'labels.model: its key must not',
    ],
    [
      '{ id: x, model: small, engine: openai, apiKeyFile: no }',
      'apiKeyFile: names a file that cannot',
    ],
    [
      '{ id: x, model: small, engine: openai, apiKey: a, apiKeyFile: no }',
      'apiKeyFile: cannot stand',
    ],
    ['{ id: "a b", model: small, engine: openai }', 'id: must be a name'],
  ])('instance %s', (instance, expected) => {
    const problems = problemsOf(`${FLEET}  - ${instance}\n`);
    const wanted = new RegExp(`^10:\\d+ instances\\[3\\]\\.${expected.replaceAll('.', '\\.')}`);
    expect(
      problems.some((problem) => wanted.test(problem)),
      problems.join('\n'),
    ).toBe(true);
  });

  test.each([
    [
      'price: { inputPerMTok: -1, outputPerMTok: 1 }',
      'price.inputPerMTok: must not be less than 0',
    ],
    ['price: { inputPerMTok: 1 }', 'price.outputPerMTok: is missing'],
    ['accuracy: { default: 1.5 }', 'accuracy.default: must not be more than 1'],
    ['energy: { idleWatts: 9, peakWatts: 5 }', 'energy.peakWatts: must not be less than idleWatts'],
    ['reasoning: qwen4', 'reasoning: must be one of qwen3'],
  ])('model with %s', (member, expected) => {
    const problems = problemsOf(`version: 1\nmodels:\n  - { id: m, ${member} }\n`);
    expect(problems.join('\n')).toContain(`models[0].${expected}`);
  });

  test('auto is no name for a model', () => {
    for (const id of ['auto', 'auto:eco', 'router/auto']) {
      expect(problemsOf(`version: 1\nmodels: [{ id: "${id}" }]`)[0]).toContain('virtual model');
    }
  });
});

describe('problems', () => {
  test('are all reported, in the order of the file, each once', () => {
    const problems = problemsOf(`version: 2
servr: {}
models:
  - { id: m, kind: chatt, extra: 1 }
instances:
  - { id: x, model: n, engine: vllm, url: "\${MISSING}" }
signals: { keywords: [{ name: k, anyOff: [x] }] }
routes:
  - { name: r, when: { keyword: k, rol: x }, use: { mode: quick } }
`);
    expect(problems.map((problem) => problem.split(': ')[0])).toEqual([
      '1:10 version',
      '2:1 servr',
      '4:20 models[0].kind',
      '4:27 models[0].extra',
      '6:21 instances[0].model',
      '6:43 instances[0].url',
      '7:42 signals.keywords[0].anyOff',
      '9:36 routes[0].when.rol',
      '9:59 routes[0].use.mode',
    ]);
  });

  test('suggest what was meant', () => {
    const suggest = (text: string) => {
      const result = load(`${FLEET}\n${text}`);
      return result.kind === 'rejected' ? result.problems[0]?.suggestion : null;
    };
    expect(suggest('tenents: []')).toBe('tenants');
    expect(suggest('routes: [{ name: r, use: { modle: x } }]')).toBe('mode');
    expect(suggest('routes: [{ name: r, use: { models: [lrge] } }]')).toBe('large');
    expect(suggest('routes: [{ name: r, when: { rolle: x }, use: {} }]')).toBe('role');
    expect(suggest('log: { level: wran }')).toBe('warn');
  });
});

describe('secrets and the environment', () => {
  test('a variable cannot inject YAML, but may give a number', () => {
    const text = `${FLEET}\nserver: { port: "\${PORT}" }\nlog: { level: "\${LEVEL:-warn}" }`;
    const result = load(text, { env: { PORT: '9_090', LEVEL: '' } });
    expect(result).toMatchObject({
      policy: { config: { server: { port: 9090 }, logLevel: 'warn' } },
    });
    const injected = load(text, { env: { PORT: '1, host: evil' } });
    expect(injected).toMatchObject({ kind: 'rejected', problems: [{ path: 'server.port' }] });
  });

  test('a missing variable is named, with its remedy', () => {
    expect(problemsOf(`${FLEET}\nlog: { level: "\${LEVEL}" }`)).toEqual([
      '11:15 log.level: the environment variable LEVEL is not set: set it, or write ${LEVEL:-default}',
    ]);
    expect(problemsOf(`${FLEET}\nlog: { level: "\${1}" }`)[0]).toContain('a ${ is not followed');
    expect(problemsOf(`${FLEET}\nlog: { level: "\${toString}" }`)[0]).toContain('is not set');
  });

  test('$${ is a literal', () => {
    const policy = policyOf(`${FLEET}\nconstraints: [{ name: c, refuse: "write $\${NAME}" }]`);
    expect(policy.explain('x', []).constraints[0]?.text).toBe('c: refuse');
    expect(load(`${FLEET}\ntenants: [{ id: "$\${x}" }]`).kind).toBe('rejected');
  });

  test('a key comes from its file, relative to the policy', () => {
    const text = `version: 1
models: [{ id: m }]
instances: [{ id: i, model: m, engine: openai, apiKeyFile: keys/openai }]`;
    const read: string[] = [];
    const readFile = (path: string): string => {
      read.push(path);
      return 'sk-from-file\n';
    };
    const result = load(text, { readFile });
    expect(read).toEqual(['/etc/bourse/keys/openai']);
    expect(result).toMatchObject({
      policy: { config: { instances: [{ apiKey: 'sk-from-file' }] } },
    });
    expect(problemsOf(text, { readFile: () => ' \n' })[0]).toContain('names an empty file');
  });

  test('no problem shows a secret, wherever the operator put it', () => {
    const secret = 'sk-live-0123456789abcdef';
    const places = [
      'server: { host: "${S}" }',
      'server: { port: "${S}" }',
      'log: { level: "${S}" }',
      'keys: [{ tenant: t, sha256: "${S}" }]',
      'routes: [{ name: r, use: { mode: "${S}", models: ["${S}"] } }]',
      'routes: [{ name: r, when: { keyword: "${S}" }, use: {} }]',
      'routes: [{ name: r, when: { language: "${S}" }, use: {} }]',
      'constraints: [{ name: c, require: { model: "${S}" } }]',
      'instances: [{ id: i, model: "${S}", engine: "${S}", url: "http://x:${S}@h" }]',
      'models: [{ id: "${S}" }, { id: "${S}" }]',
      'signals: { keywords: [{ name: k, regex: "(${S}" }] }',
    ];
    for (const place of places) {
      const result = load(`version: 1\n${place}`, { env: { S: secret } });
      expect(result.kind, place).toBe('rejected');
      expect(JSON.stringify(result), place).not.toContain(secret);
    }
    const broken = load(`version: 1\nkeys: [ { sha256: ${secret} } ]]\n${secret}`);
    expect(JSON.stringify(broken)).not.toContain(secret);
  });
});

describe('warnings', () => {
  test.each([
    ['signals: { keywords: [{ name: k, anyOf: [x] }] }', 'no condition reads the keyword "k"'],
    [
      'signals: { keywords: [{ name: k, anyOf: [x] }] }\nconstraints: [{ name: c, when: { not: { keyword: k } }, forbid: { model: large } }]',
      'the constraint "c" reads only the last user turn (keyword: k)',
    ],
  ])('%s', (line, expected) => {
    const result = load(`${FLEET}\n${line}`);
    expect(result).toMatchObject({ kind: 'policy' });
    expect(problemsOf(`${FLEET}\n${line}`).join('\n')).toContain(expected);
  });

  test('a model without an instance', () => {
    expect(problemsOf('version: 1\nmodels: [{ id: m }]')).toEqual([
      '2:10 models[0]: no instance serves the model "m"',
    ]);
  });
});

describe('any text', () => {
  const check = (text: string): void => {
    const result = load(text, { env: ENV });
    if (result.kind === 'policy') return;
    expect(result.problems.length).toBeGreaterThan(0);
    const lines = text.split(/\r\n|\r|\n/).length;
    for (const problem of result.problems) {
      expect(problem.message).not.toBe('');
      expect(problem.message).not.toContain('the file cannot be read');
      if (problem.line !== null) expect(problem.line).toBeLessThanOrEqual(lines);
    }
  };

  test('a mutation of a good file gives a policy or problems, never an exception', () => {
    const snippet = fc.constantFrom(
      ...'{}[]:,&*!|>"\'#%@`-? \n\t0_.~$'.split(''),
      '${X}',
      '1_0',
      '.inf',
      'null',
      '~',
      '- ',
      '<<: ',
      '__proto__: ',
      '\u0000',
    );
    const edit = fc.record({
      at: fc.nat(DESIGN.length),
      remove: fc.nat(12),
      insert: fc.array(snippet, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let text = DESIGN;
        for (const { at, remove, insert } of edits) {
          text = text.slice(0, at) + insert.join('') + text.slice(at + remove);
        }
        check(text);
      }),
      { numRuns: 150 },
    );
  });

  test('any value in any place gives a policy or problems', () => {
    const paths = [...DESIGN.matchAll(/(\w+): [^\n]*$/gm)].map((found) => found.index);
    const value = fc.jsonValue({ maxDepth: 3 }).map((json) => JSON.stringify(json));
    fc.assert(
      fc.property(fc.constantFrom(...paths), value, (at, json) => {
        const colon = DESIGN.indexOf(':', at) + 1;
        const end = DESIGN.indexOf('\n', at);
        check(`${DESIGN.slice(0, colon)} ${json}${DESIGN.slice(end)}`);
      }),
      { numRuns: 150 },
    );
  });
});
