import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { fault } from '../kernel/index.ts';
import type { Config, PolicyFinding, PolicyProblem } from '../contract/index.ts';
import type { AppPort, ModelsPort, ServeOptions } from './app-port.ts';
import { DECISION_VIEW } from './fixtures/decision-view.ts';
import { createProgram } from './program.ts';
import { run } from './run.ts';
import { PLAIN_SCREEN } from './terminal.ts';
import type { Terminal } from './terminal.ts';

interface Session {
  readonly out: string[];
  readonly err: string[];
  readonly served: ServeOptions[];
  readonly requests: { url: string; init: RequestInit }[];
  readonly events: string[];
  readonly signals: Map<string, () => void>;
  readonly terminal: Terminal;
}

interface Given {
  readonly app?: Partial<AppPort>;
  readonly files?: readonly string[];
  readonly env?: Record<string, string>;
  readonly answer?: { status: number; body: unknown } | 'nobody';
  readonly stdin?: string;
  readonly models?: ModelsPort['shippedUnderstanding'];
}

const unused = (): never => {
  throw new Error('no model is needed here');
};

const CONFIG = {
  keys: [],
  models: [{ id: 'qwen' }],
  instances: [{ id: 'a', model: { id: 'qwen' }, engine: 'vllm', url: 'http://u:pw@10.0.0.5:8000' }],
} as unknown as Config;

function session(given: Given = {}): Session {
  const out: string[] = [];
  const err: string[] = [];
  const served: ServeOptions[] = [];
  const requests: { url: string; init: RequestInit }[] = [];
  const events: string[] = [];
  const signals = new Map<string, () => void>();
  const app: AppPort = {
    startServe: (options) => {
      served.push(options);
      return Promise.resolve({
        modelUrl: 'http://127.0.0.1:8080',
        adminUrl: 'http://127.0.0.1:8081',
        config: () => CONFIG,
        reload: () => Promise.resolve({ generation: 2, rejected: [] } as never),
        findings: () => Promise.resolve({ findings: [], undecided: 0, solver: 'built-in' }),
        close: () => {
          events.push('app closed');
          return Promise.resolve();
        },
      });
    },
    explainOnce: () => Promise.resolve(DECISION_VIEW),
    openDiff: unused,
    openSuggestions: unused,
    simulateFleet: unused,
    verifyModel: unused,
    addModel: unused,
    discoverConfig: () => Promise.resolve({ text: 'version: 1', findings: ['ollama at :11434'] }),
    checkConfig: () => Promise.resolve({ problems: [], tests: [], analysis: null }),
    configSchema: () => ({ type: 'object' }),
    ...given.app,
  };
  const terminal: Terminal = {
    env: given.env ?? {},
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
    progress: () => {},
    screen: PLAIN_SCREEN,
    readStdin: () => Promise.resolve(given.stdin ?? ''),
    fileExists: (path) => given.files?.includes(path) ?? false,
    fetch: (url, init) => {
      requests.push({ url: url as string, init: init! });
      const { answer = 'nobody' } = given;
      if (answer === 'nobody') return Promise.reject(new Error('ECONNREFUSED'));
      return Promise.resolve(Response.json(answer.body, { status: answer.status }));
    },
    loadApp: () => Promise.resolve(app),
    loadModels: () => Promise.resolve({ shippedUnderstanding: given.models ?? unused }),
    loadFleet: () =>
      Promise.resolve({
        forkDemoFleet: () =>
          Promise.resolve({
            env: { BOURSE_SIM_A_URL: 'http://127.0.0.1:1' },
            close: () => {
              events.push('fleet closed');
              return Promise.resolve();
            },
          }),
      }),
    onSignal: (signal, listener) => signals.set(signal, listener),
    exit: (code) => events.push(`exit ${code}`),
  };
  return { out, err, served, requests, events, signals, terminal };
}

const start = (args: string, given: Session): Promise<number> =>
  run(args === '' ? [] : args.split(' '), given.terminal, '0.0.0');

async function untilSignals(given: Session): Promise<void> {
  while (given.signals.size < 3) await new Promise((resolve) => setImmediate(resolve));
}

describe('serve', () => {
  test('serves the file, prints where everything is, and closes on a signal', async () => {
    const given = session();
    const code = start('serve -c my.yaml --workers 2 -p 0 --db x.db', given);
    await untilSignals(given);
    expect(given.served[0]).toMatchObject({
      configFile: 'my.yaml',
      overrides: { workers: 2, port: 0, storePath: 'x.db' },
    });
    const text = given.out.join('\n');
    expect(text).toMatchInlineSnapshot(`
      "Bourse is open.

        Models   http://127.0.0.1:8080/v1  (no key needed: only this host can reach it)
        Admin    http://127.0.0.1:8081/admin/v1
        Metrics  http://127.0.0.1:8080/metrics
        Fleet    1 instance, 1 model
          instance  model  engine  url
          a         qwen   vllm    http://10.0.0.5:8000

      Try it:

        curl -i http://127.0.0.1:8080/v1/chat/completions -H 'content-type: application/json' -d '{"model":"auto","messages":[{"role":"user","content":"What is 17 * 23?"}]}'

      and read why it went where it went: npx bourse decisions"
    `);
    expect(text).not.toContain('pw');
    given.signals.get('SIGHUP')!();
    given.signals.get('SIGTERM')!();
    expect(await code).toBe(0);
    expect(given.events).toEqual(['app closed']);
    expect(given.out).toContain('Policy reloaded: generation 2.');
  });

  test('a second signal ends at once', async () => {
    const app: Partial<AppPort> = {
      startServe: () =>
        Promise.resolve({
          modelUrl: 'http://h',
          adminUrl: 'http://h',
          config: () => CONFIG,
          reload: () => Promise.reject(fault('BRS_KEEPER_LOST')),
          findings: () => Promise.reject(fault('BRS_KEEPER_LOST')),
          close: () => new Promise(() => {}),
        }),
    };
    const given = session({ app });
    void start('serve -c my.yaml', given);
    await untilSignals(given);
    given.signals.get('SIGHUP')!();
    given.signals.get('SIGINT')!();
    expect(given.events).toEqual([]);
    given.signals.get('SIGINT')!();
    expect(given.events).toEqual(['exit 130']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(given.err).toEqual(['bourse: The keeper of shared state does not answer.']);
  });

  test('without --config it takes ./bourse.yaml, and else what it finds', async () => {
    const given = session({ files: ['bourse.yaml'] });
    void start('serve', given);
    await untilSignals(given);
    expect(given.served[0]).toMatchObject({ configFile: 'bourse.yaml' });

    const bare = session();
    void start('serve', bare);
    await untilSignals(bare);
    expect(bare.served[0]).toMatchObject({ configText: 'version: 1' });
    expect(bare.out).toContain('  found ollama at :11434');

    const discoverConfig = () => Promise.resolve({ text: '', findings: [] });
    const nothing = session({ app: { discoverConfig } });
    expect(await start('serve', nothing)).toBe(1);
    expect(nothing.err[0]).toContain('try bourse demo');
  });

  test('a fault at start is one line with its code, and a stack only with --debug', async () => {
    const app: Partial<AppPort> = {
      startServe: () => Promise.reject(fault('BRS_LISTEN', { address: ':80', reason: 'taken' })),
    };
    const given = session({ app });
    expect(await start('serve -c x', given)).toBe(1);
    expect(given.err).toEqual(['bourse: BRS_LISTEN: Cannot listen on :80: taken.']);
    const debug = session({ app });
    expect(await start('--debug serve -c x', debug)).toBe(1);
    expect(debug.err.join('\n')).toContain('at ');
  });
});

test('demo serves the simulated fleet, and ends it', async () => {
  const given = session({ env: { HOME: '/h' } });
  const code = start('demo --port 9 --admin-port 10 --db state.db', given);
  await untilSignals(given);
  expect(given.served[0]).toMatchObject({
    configFile: expect.stringMatching(/examples.demo\.yaml$/),
    env: { HOME: '/h', BOURSE_SIM_A_URL: 'http://127.0.0.1:1' },
    overrides: { port: 9, adminPort: 10, storePath: 'state.db' },
  });
  given.signals.get('SIGINT')!();
  expect(await code).toBe(0);
  expect(given.events).toEqual(['app closed', 'fleet closed']);
});

test('demo serves another policy before the same fleet', async () => {
  const given = session({ env: {} });
  const code = start('demo -c examples/multi-agent.yaml', given);
  await untilSignals(given);
  expect(given.served[0]).toMatchObject({
    configFile: 'examples/multi-agent.yaml',
    env: { BOURSE_SIM_A_URL: 'http://127.0.0.1:1' },
  });
  given.signals.get('SIGINT')!();
  expect(await code).toBe(0);
});

test('demo ends the fleet when the server cannot start', async () => {
  const app = { startServe: () => Promise.reject(fault('BRS_STORE', { reason: 'full' })) };
  const given = session({ app });
  expect(await start('demo', given)).toBe(1);
  expect(given.events).toEqual(['fleet closed']);
});

describe('check', () => {
  const file = join(import.meta.dirname, 'run.test.ts');
  const problem = (severity: 'error' | 'warning', line: number | null): PolicyProblem => ({
    severity,
    message: 'unknown key "modles"',
    path: 'use.modles',
    line,
    column: line === null ? null : 5,
    suggestion: 'models',
  });

  test('prints problems by place, and fails on an error', async () => {
    const problems = [problem('error', 3), problem('warning', null)];
    const given = session({
      app: { checkConfig: () => Promise.resolve({ problems, tests: [], analysis: null }) },
    });
    expect(await start(`check ${file}`, given)).toBe(1);
    expect(given.out).toEqual([
      `${file}:3:5: error: unknown key "modles" (use.modles); did you mean "models"?`,
      `${file}: warning: unknown key "modles" (use.modles); did you mean "models"?`,
      `${file} has 1 error and 1 warning.`,
    ]);
    const json = session({
      app: { checkConfig: () => Promise.resolve({ problems, tests: [], analysis: null }) },
    });
    expect(await start(`check ${file} --json`, json)).toBe(1);
    expect(JSON.parse(json.out.join('\n'))).toEqual({
      problems,
      findings: [],
      undecided: 0,
      solver: null,
      tests: [],
    });
  });

  const finding = (severity: PolicyFinding['severity']): PolicyFinding => ({
    code: 'shadowed-route',
    severity,
    message: 'the route "b" is never reached',
    path: 'routes[1]',
    line: 7,
    column: 5,
    related: [{ message: '"a" takes its requests', path: 'routes[0]', line: 6, column: 5 }],
    witness: { request: { text: 'hello' }, shows: 'matches "b", and goes to "a"' },
  });
  const analysed = (severity: PolicyFinding['severity'], undecided = 0) => {
    const analysis = { findings: [finding(severity)], undecided, solver: 'built-in' };
    const checkConfig = () => Promise.resolve({ problems: [], tests: [], analysis });
    return session({ app: { checkConfig } });
  };

  test('shows what conflict analysis finds, with both places and a request', async () => {
    const given = analysed('error', 2);
    expect(await start(`check ${file}`, given)).toBe(1);
    expect(given.out).toEqual([
      `${file}:7:5: error: the route "b" is never reached [shadowed-route]`,
      `  ${file}:6:5: "a" takes its requests`,
      '  for example {"text":"hello"}',
      '    matches "b", and goes to "a"',
      `${file} has 1 error and 0 warnings.`,
      'Conflict analysis left 2 questions undecided, of which nothing is said: install z3-solver to have more of them decided.',
    ]);
  });

  test('a warning fails with --strict only, a note never', async () => {
    expect(await start(`check ${file}`, analysed('warning'))).toBe(0);
    expect(await start(`check ${file} --strict`, analysed('warning'))).toBe(1);
    expect(await start(`check ${file} --strict`, analysed('note'))).toBe(0);
  });

  test('prints SARIF', async () => {
    const given = analysed('error');
    expect(await start(`check ${file} --sarif`, given)).toBe(1);
    const place = (line: number) => ({
      artifactLocation: { uri: pathToFileURL(file).href },
      region: { startLine: line, startColumn: 5 },
    });
    expect(JSON.parse(given.out.join('\n'))).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'bourse', rules: [{ id: 'shadowed-route' }] } },
          results: [
            {
              ruleId: 'shadowed-route',
              level: 'error',
              message: { text: 'the route "b" is never reached' },
              locations: [{ physicalLocation: place(7) }],
              relatedLocations: [{ id: 0, physicalLocation: place(6) }],
              properties: { witness: { request: { text: 'hello' } } },
            },
          ],
        },
      ],
    });
  });

  test('a warning is no failure', async () => {
    const problems = [problem('warning', 1)];
    const given = session({
      app: { checkConfig: () => Promise.resolve({ problems, tests: [], analysis: null }) },
    });
    expect(await start(`check ${file}`, given)).toBe(0);
    expect(given.out.at(-1)).toBe(`${file} is valid, with 1 warning.`);
  });

  test('a file that cannot be read is said so', async () => {
    const given = session();
    expect(await start('check /nowhere/x.yaml', given)).toBe(1);
    expect(given.err).toEqual(['bourse: cannot read /nowhere/x.yaml: there is no such file']);
  });
});

describe('asking a server', () => {
  test('explain posts the text with the admin key, and prints what comes back', async () => {
    const answer = { status: 200, body: DECISION_VIEW };
    const given = session({ answer, env: { BOURSE_ADMIN_KEY: 'secret' } });
    expect(await start('explain hello -a http://h:1/ --tools f g', given)).toBe(0);
    const [{ url, init }] = given.requests as [{ url: string; init: RequestInit }];
    expect(url).toBe('http://h:1/admin/v1/explain');
    expect(JSON.parse(init.body as string)).toEqual({
      text: 'hello',
      tools: ['f', 'g'],
    });
    expect(init.headers).toMatchObject({ authorization: 'Bearer secret' });
    expect(given.out.join('\n')).toContain('Bids, best first');
  });

  test('explain with a file asks nobody', async () => {
    const given = session();
    expect(await start('explain hello -c x.yaml --json', given)).toBe(0);
    expect(given.requests).toEqual([]);
    expect(JSON.parse(given.out.join('\n'))).toMatchObject({ id: DECISION_VIEW.id });
  });

  test('decisions lists them, or shows one', async () => {
    const list = session({ answer: { status: 200, body: { decisions: [DECISION_VIEW] } } });
    expect(await start('decisions -n 5', list)).toBe(0);
    expect(list.requests[0]!.url).toBe('http://127.0.0.1:8081/admin/v1/decisions?limit=5');
    expect(list.out[1]).toMatch(/^d-0-abcdefghijkl0 .* hard-math +accuracy +large-1 +ok$/);
    const one = session({ answer: { status: 200, body: DECISION_VIEW } });
    expect(await start('decisions d-0-x/../y', one)).toBe(0);
    expect(one.requests[0]!.url).toContain('/decisions/d-0-x%2F..%2Fy');
  });

  test('an error of the server is one line', async () => {
    const body = { error: { message: 'There is no decision "x".', bourse_code: 'BRS_NOT_FOUND' } };
    const given = session({ answer: { status: 404, body } });
    expect(await start('decisions x', given)).toBe(1);
    expect(given.err).toEqual(['bourse: BRS_NOT_FOUND: There is no decision "x".']);
    const nobody = session();
    expect(await start('models', nobody)).toBe(1);
    expect(nobody.err[0]).toContain('nothing answers at http://127.0.0.1:8080/v1/models');
  });

  test('models prints their ids', async () => {
    const given = session({
      answer: { status: 200, body: { data: [{ id: 'auto' }, { id: 'm' }] } },
    });
    expect(await start('models', given)).toBe(0);
    expect(given.out).toEqual(['auto', 'm']);
  });
});

test.each([
  ['', 2],
  ['nonsense', 2],
  ['serve --port 70000', 2],
  ['serve --workers 0', 2],
  ['check', 2],
  ['decisions --limit x', 2],
  ['--help', 0],
  ['serve --help', 0],
  ['--version', 0],
])('`bourse %s` exits with %i', async (args, code) => {
  expect(await start(args, session())).toBe(code);
});

describe('as a process', () => {
  const node = promisify(execFile);
  const main = join(import.meta.dirname, 'main.ts');

  test('hash-key hashes what it is given, and makes what it is not', async () => {
    const { stdout } = await node(process.execPath, [main, 'hash-key', 'abc']);
    expect(stdout).toContain(createHash('sha256').update('abc').digest('hex'));
    expect(stdout).not.toContain(' abc');
    const made = await node(process.execPath, [main, 'hash-key']);
    const [, key, digest] = /^key {5}(\S+)\nsha256 {2}(\S+)\n/.exec(made.stdout)!;
    expect(key).toMatch(/^sk-bourse-[\w-]{43}$/);
    expect(digest).toBe(createHash('sha256').update(key!).digest('hex'));
  });

  test('check names the place of a problem', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bourse-check-'));
    const file = join(folder, 'bourse.yaml');
    await writeFile(file, 'version: 1\nmodles: []\n');
    const checked = node(process.execPath, [main, 'check', file]);
    await expect(checked).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/bourse\.yaml:2:1: error: .*modles/),
    });
    await rm(folder, { recursive: true });
  });

  test('the exit code is the command’s', async () => {
    await expect(node(process.execPath, [main, 'nonsense'])).rejects.toMatchObject({ code: 2 });
  });
});

describe('docs/reference/cli.md', () => {
  test('is what the program says of itself (npx vitest run src/cli -u writes it)', async () => {
    const program = createProgram(session().terminal, '0.0.0');
    const sections: string[] = [];
    const add = (command: Command, path: string): void => {
      sections.push(`## ${path}\n\n\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\`\n`);
      for (const child of command.commands) add(child, `${path} ${child.name()}`);
    };
    for (const command of program.commands) add(command, `bourse ${command.name()}`);
    const text = `${CLI_INTRODUCTION}\n${sections.join('\n')}`;
    await expect(text).toMatchFileSnapshot(
      join(import.meta.dirname, '..', '..', 'docs', 'reference', 'cli.md'),
    );
  });
});

const CLI_INTRODUCTION = `# Command line

\`bourse COMMAND [options]\`. In a clone of the repository: \`npx bourse COMMAND\`, and \`npm start\` for
\`bourse demo\`. \`--debug\` before the command prints the stack of an error.

| exit code | meaning |
|---|---|
| 0 | It worked; a server was asked to end, and ended. |
| 1 | It failed: a fault at start, a policy file with errors or tests that fail, a server that refused or did not answer, lines of a file that could not be read, \`diff --fail-on-change\` with a change. |
| 2 | The command line is wrong. |
| 130, 143 | A second SIGINT or SIGTERM ended the server before its requests were finished. |

| signal | effect on \`serve\` and \`demo\` |
|---|---|
| SIGTERM, SIGINT | Readiness fails, then the port closes, then requests in flight finish. A second one ends at once. |
| SIGHUP | The policy file is read again; a broken one is reported and changes nothing. |

| variable | used by |
|---|---|
| \`BOURSE_ADMIN_KEY\` | \`explain\`, \`decisions\` and \`suggest-tests\`: the key of the admin API, where it has one. |
| \`NO_COLOR\` | Set to anything, it takes the colours away. |
| \`BOURSE_API_KEY\` | \`models\`: a key of the model API. |
`;
