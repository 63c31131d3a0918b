import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fault } from '../kernel/index.ts';
import type { DecidedBy, DecisionView, PolicyProblem, RequestDiff } from '../contract/index.ts';
import type { AppPort } from './app-port.ts';
import { DECISION_VIEW } from './fixtures/decision-view.ts';
import { run } from './run.ts';
import { PLAIN_SCREEN } from './terminal.ts';
import type { Terminal } from './terminal.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bourse-commands-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

interface Given {
  readonly stdin?: string;
  readonly decisions?: readonly DecisionView[];
}

async function bourse(app: Partial<AppPort>, args: readonly string[], given: Given = {}) {
  const [out, err, asked]: [string[], string[], unknown[]] = [[], [], []];
  const terminal = {
    env: {},
    screen: PLAIN_SCREEN,
    progress: () => {},
    print: (line: string) => out.push(line),
    printError: (line: string) => err.push(line),
    readStdin: () => Promise.resolve(given.stdin ?? ''),
    fetch: (url: string, init: RequestInit) => {
      asked.push({ url, body: init.body });
      return Promise.resolve(Response.json({ decisions: given.decisions ?? [] }));
    },
    loadApp: () => Promise.resolve(app),
  } as unknown as Terminal;
  return { code: await run(args, terminal, '0.0.0'), out, err, asked };
}

const problem = (line: number, message: string): PolicyProblem => ({
  severity: 'error',
  message,
  path: 'tests[0].expect.route',
  line,
  column: 7,
  suggestion: null,
});

describe('check runs the tests', () => {
  const checked = (failures: readonly PolicyProblem[], decision: DecisionView | null) => ({
    checkConfig: () =>
      Promise.resolve({
        problems: [],
        analysis: null,
        tests: [
          { name: 'good', decision: DECISION_VIEW, failures: [] },
          { name: 'bad', decision, failures },
        ],
      }),
  });

  test('a failure fails it, and is told with its place and what decided', async () => {
    const policy = await file('p.yaml', '');
    const failures = [problem(3, 'expected "a", got "b"'), { ...problem(9, 'no'), file: 'b.yaml' }];
    const { code, out } = await bourse(checked(failures, DECISION_VIEW), ['check', policy]);
    expect(code).toBe(1);
    expect(out).toEqual([
      'test "bad" fails:',
      `  ${policy}:3:7: error: expected "a", got "b" (tests[0].expect.route)`,
      '  b.yaml:9:7: error: no (tests[0].expect.route)',
      '  it was decided by route hard-math, to large-1',
      `${policy} is valid.`,
      '1 of 2 tests fails.',
    ]);
    const json = await bourse(checked(failures, null), ['check', policy, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out.join('\n'))).toMatchObject({
      problems: [],
      tests: [
        { name: 'good', failures: [] },
        { name: 'bad', failures, decision: null },
      ],
    });
  });

  test('tests that pass are counted', async () => {
    const policy = await file('p.yaml', '');
    const { code, out } = await bourse(checked([], DECISION_VIEW), ['check', policy]);
    expect([code, out.at(-1)]).toEqual([0, 'Its 2 tests pass.']);
  });
});

describe('explain', () => {
  const explained = () => {
    const requests: unknown[] = [];
    const app: Partial<AppPort> = {
      explainOnce: ({ request }) => {
        requests.push(request);
        return Promise.resolve(DECISION_VIEW);
      },
    };
    return { requests, app };
  };

  test('takes a request from a file, and flags go before it', async () => {
    const { requests, app } = explained();
    const request = { text: 'x', tenant: 'a', assume: { domain: 'law', language: 'en' } };
    const path = await file('request.json', JSON.stringify(request));
    const flags = '--tenant b --role r --role s --at 2026-11-21T22:30:00Z'.split(' ');
    const assumed = ['domain=math', 'keyword: titan=true', 'intent={"a":0.4}', 'language=null'];
    const assume = assumed.flatMap((pair) => ['--assume', pair]);
    await bourse(app, ['explain', '-c', 'p.yaml', '-r', path, ...flags, ...assume]);
    expect(requests).toEqual([
      {
        text: 'x',
        tenant: 'b',
        roles: ['r', 's'],
        at: '2026-11-21T22:30:00Z',
        assume: { domain: 'math', language: null, 'keyword: titan': true, intent: { a: 0.4 } },
      },
    ]);
  });

  test("takes a client's body, from standard input too", async () => {
    const { requests, app } = explained();
    const body = { messages: [], temperature: 1 };
    const stdin = JSON.stringify(body);
    await bourse(app, ['explain', '-c', 'p.yaml', '-r', '-', '-m', 'm'], { stdin });
    expect(requests).toEqual([{ body, model: 'm' }]);
  });

  test.each([
    ['neither a text nor a file', ['explain', '-c', 'p'], 'say what is asked'],
    ['both', ['explain', 'x', '-c', 'p', '-r', '-'], 'say what is asked'],
    ['no JSON', ['explain', '-c', 'p', '-r', '-'], '- is no JSON'],
    ['an assumption without a value', ['explain', 'x', '--assume', 'domain'], 'SIGNAL=VALUE'],
  ])('%s is an error', async (_name, args, message) => {
    const { code, err } = await bourse(explained().app, args, { stdin: '{' });
    expect([code, err[0]]).toEqual([1, expect.stringContaining(message)]);
  });
});

const decided = (route: string, model: string, costUsd: number | null): DecidedBy => ({
  route,
  model,
  mode: 'economy',
  refusal: null,
  isAnswered: false,
  injection: route === 'maths' ? '{"limit":5}' : '',
  costUsd,
  energyJoules: null,
});

/** Whoever asks for a number of at least 10 changes. */
const CHANGING: Partial<AppPort> = {
  openDiff: () =>
    Promise.resolve({
      compare: (value) => {
        const { n } = value as { n?: number };
        if (n === undefined) {
          const details = { place: 'n', reason: 'is missing' };
          return Promise.reject(fault('BRS_OFFLINE_INPUT', details));
        }
        const before = decided('plain', 'small', 0.000001);
        const isSame = n < 10;
        const after = isSame ? before : decided('maths', 'big', n === 99 ? null : 0.000004);
        const changes: RequestDiff['changes'] = isSame
          ? []
          : ['route', 'model', 'injection', ...(n === 99 ? [] : (['cost'] as const))];
        return Promise.resolve({ before, after, changes });
      },
    }),
};

describe('diff', () => {
  const LOG = '\ufeff{"n":1}\n\n{"n":10}\r\n{"n":11}\n{"n":99}';

  test('shows what changes, and sums it up', async () => {
    const log = await file('log.jsonl', LOG);
    const { code, out } = await bourse(CHANGING, ['diff', 'a', 'b', '-r', log, '-n', '2']);
    expect(code).toBe(0);
    expect(out.join('\n')).toMatchInlineSnapshot(`
      "line 3: route plain → maths, model small → big, injection none → some, cost 1.00 → 4.00 µUSD
      line 4: route plain → maths, model small → big, injection none → some, cost 1.00 → 4.00 µUSD
      … and 1 more: --limit shows them, --json all

      3 of 4 requests change (75.0 %)
        route      3
        model      3
        injection  3
        cost       2

      Expected of all requests, before → after
        cost    0.000003 → 0.000009 USD, +200.0 % (1 request of unknown USD left out)
        energy  0.0 → 0.0 J (4 requests of unknown J left out)

      Routes
        before  after       requests
        plain   maths              3
        plain   (the same)         1"
    `);
  });

  test('--json is one document with every change, whatever the limit', async () => {
    const log = await file('log.jsonl.gz', gzipSync(LOG));
    const args = ['diff', 'a', 'b', '-r', log, '-n', '0', '--json', '--fail-on-change'];
    const { code, out } = await bourse(CHANGING, args);
    expect(code).toBe(1);
    const { changes, summary } = JSON.parse(out.join('\n')) as Record<string, unknown[]>;
    expect(changes).toHaveLength(3);
    expect(changes![0]).toMatchObject({ line: 3, after: { injection: { limit: 5 } } });
    expect(summary).toMatchObject({
      requests: 4,
      changed: 3,
      unreadable: 0,
      byChange: { cost: 2 },
    });
  });

  test('without a change it is one empty document, and no failure', async () => {
    const log = await file('same.jsonl', '{"n":1}\n');
    const args = ['diff', 'a', 'b', '-r', log, '--fail-on-change', '--json'];
    const { code, out } = await bourse(CHANGING, args);
    expect(code).toBe(0);
    expect(JSON.parse(out.join('\n'))).toMatchObject({ changes: [], summary: { changed: 0 } });
  });

  test('a bad line is named by its number, and the rest is read', async () => {
    const log = await file('bad.jsonl', '{"n":1}\n{"n":\n[1]\n{"m":1}\n{"n":2}\n');
    const { code, out, err } = await bourse(CHANGING, ['diff', 'a', 'b', '-r', log]);
    expect(code).toBe(1);
    expect(err).toEqual([
      `${log}:2: is no JSON: each line must be one JSON object`,
      `${log}:3: must be one JSON object per line`,
      `${log}:4: n: is missing.`,
    ]);
    expect(out[0]).toBe('0 of 2 requests change (0.0 %); 3 lines could not be read');
  });

  test('many bad lines do not drown the rest', async () => {
    const log = await file('worse.jsonl', '{\n'.repeat(30));
    const { err } = await bourse(CHANGING, ['diff', 'a', 'b', '-r', log]);
    expect(err).toHaveLength(11);
    expect(err.at(-1)).toBe('… and 20 lines more like these');
  });

  test.each([
    ['that is not there', null, 'there is no such file'],
    ['that is cut', gzipSync(LOG).subarray(0, 30), 'cannot read'],
    ['that is empty', Buffer.alloc(0), null],
  ])('a file %s', async (_name, bytes, message) => {
    const log = bytes === null ? join(folder, 'absent') : await file('odd', bytes);
    const { code, out, err } = await bourse(CHANGING, ['diff', 'a', 'b', '-r', log]);
    if (message === null) expect([code, out[0]]).toEqual([0, '0 of 0 requests change']);
    else expect([code, err[0]]).toEqual([1, expect.stringContaining(message)]);
  });
});

describe('suggest-tests', () => {
  const suggesting = (dropped: number) => {
    const added: unknown[] = [];
    const app: Partial<AppPort> = {
      openSuggestions: () =>
        Promise.resolve({
          addRequest: (request) => Promise.resolve(added.push(request) > 0),
          addDecision: (view) => void added.push(view.id),
          choose: (limit, header) =>
            Promise.resolve({
              count: Math.min(limit, added.length),
              dropped,
              yaml: `${header.map((line) => `# ${line}`).join('\n')}\ntests: []\n`,
            }),
        }),
    };
    return { added, app };
  };

  test('from a file of requests', async () => {
    const { added, app } = suggesting(0);
    const log = await file('asked.jsonl', '{"text":"a"}\n{"text":"b"}\n');
    const args = ['suggest-tests', '-c', 'p.yaml', '-r', log, '-n', '1'];
    const { code, out, err } = await bourse(app, args);
    expect(code).toBe(0);
    expect(added).toEqual([{ text: 'a' }, { text: 'b' }]);
    expect(out[0]).toContain(`# Suggested from 2 requests of ${log}; what p.yaml decides`);
    expect(err).toEqual([`1 test from 2 requests of ${log}.`]);
  });

  test('from the decisions of a server, and it says that texts are missing', async () => {
    const { added, app } = suggesting(2);
    const args = ['suggest-tests', '-c', 'p.yaml', '-a', 'http://h:1/'];
    const { out, err, asked } = await bourse(app, args, { decisions: [DECISION_VIEW] });
    expect(asked).toMatchObject([{ url: 'http://h:1/admin/v1/decisions?limit=1000' }]);
    expect(added).toEqual([DECISION_VIEW.id]);
    expect(out[0]).toContain('A server keeps no text');
    expect(err[1]).toBe(
      '2 left out: p.yaml with an idle fleet decides otherwise than they were decided.',
    );
  });

  test('a bad line fails it, after the rest', async () => {
    const { app } = suggesting(0);
    const log = await file('asked.jsonl', '{"text":"a"}\nx\n');
    const { code, out, err } = await bourse(app, ['suggest-tests', '-c', 'p', '-r', log]);
    expect([code, out.length, err[0]]).toEqual([
      1,
      1,
      `${log}:2: is no JSON: each line must be one JSON object`,
    ]);
  });
});
