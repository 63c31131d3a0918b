import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkConfig, openDiff, openSuggestions } from '../../src/app-serve.ts';
import { openOffline } from '../../src/app-offline.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bourse-policy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const POLICY = `version: 1
understanding: { deep: off }
models:
  - { id: big, price: { inputPerMTok: 2, outputPerMTok: 8 }, reasoning: qwen3 }
  - { id: small, price: { inputPerMTok: 1, outputPerMTok: 2 } }
instances:
  - { id: b, model: big, engine: vllm, url: 'http://127.0.0.1:9', labels: { site: on-prem } }
  - { id: s, model: small, engine: vllm, url: 'http://127.0.0.1:9' }
signals:
  keywords: [{ name: titan, anyOf: [Project Titan], over: conversation }]
constraints:
  - { name: stays, when: { keyword: titan }, require: { site: on-prem } }
routes:
  - { name: maths, when: { domain: math }, use: { models: [big], reasoning: high } }
  - { name: long, when: { contextTokens: { atLeast: 100 } }, use: { models: [small] } }
`;

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

const check = async (tests: string, name = 'checked.yaml') =>
  checkConfig({ configFile: await write(name, `${POLICY}${tests}`), env: {} });

describe('tests of a policy', () => {
  test('those that hold have no failure', async () => {
    const { problems, tests } = await check(`tests:
  - name: titan stays
    request: { text: Summarise Project Titan, assume: { domain: other } }
    expect: { route: default, instance: b, constraints: [stays], notModels: [small] }
  - request: { text: hello, assume: { domain: math } }
    expect: { route: maths, model: big, reasoning: high }
`);
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(tests.map(({ name, failures }) => [name, failures])).toEqual([
      ['titan stays', []],
      ['tests[1]: hello', []],
    ]);
  });

  test('one that fails names each expectation by its place', async () => {
    const { tests } = await check(`tests:
  - request: { text: hello, assume: { domain: math } }
    expect: { route: long, model: big, constraints: [stays] }
`);
    const line = POLICY.split('\n').length + 2;
    expect(tests[0]!.failures).toMatchObject([
      { line, column: 22, message: 'expected "long", got "maths"', path: 'tests[0].expect.route' },
      { line, column: 54, message: 'expected "stays" to apply, got none' },
    ]);
    expect(tests[0]!.decision).toMatchObject({ route: 'maths' });
  });

  test('a request that cannot be decided is a failure at its place', async () => {
    const { tests } = await check(`tests:
  - { request: { text: x, assume: { domian: math } }, expect: { route: maths } }
  - { request: { body: { model: 3, messages: [] } }, expect: { route: maths } }
`);
    expect(tests.map(({ failures }) => failures[0])).toMatchObject([
      { path: 'tests[0].request.assume.domian', column: 45 },
      { path: 'tests[1].request', message: expect.stringContaining('"model"') },
    ]);
    expect(tests.map(({ decision }) => decision)).toEqual([null, null]);
  });

  test.each([
    ['that expects nothing', '{ request: { text: x }, expect: {} }', 'must say what is expected'],
    ['that asks nothing', '{ request: {}, expect: { route: long } }', 'must have one of text'],
    [
      'with an unknown key',
      '{ request: { text: x }, expect: { rout: long } }',
      'unknown key "rout"',
    ],
    [
      'with a wrong reason',
      '{ request: { text: x }, expect: { refused: no } }',
      'must be true, false',
    ],
    ['with a wrong pointer', '{ request: { text: x }, expect: { set: { a: 1 } } }', 'JSON pointer'],
  ])('one %s is an error of the file', async (_name, entry, message) => {
    const { problems, tests } = await check(`tests:\n  - ${entry}\n`);
    expect(tests).toEqual([]);
    expect(problems.some((problem) => problem.message.includes(message))).toBe(true);
    expect(problems.every(({ line }) => line === POLICY.split('\n').length + 1)).toBe(true);
  });

  test('what a variable holds is left out of what a test says', async () => {
    const text = `${POLICY.replace('reasoning: high', "set: { /user: '${SECRET}' }")}tests:
  - { request: { text: x, assume: { domain: math } }, expect: { set: { /user: else } } }
`;
    const env = { SECRET: 'do-not-show-this' };
    const configFile = await write('secret.yaml', text);
    const { tests } = await checkConfig({ configFile, env });
    expect(tests[0]!.failures[0]!.message).toContain('SECRET');
    expect(tests[0]!.failures[0]!.message).not.toContain(env.SECRET);
  });
});

describe('two policies', () => {
  test('what changes for a request, and what it costs', async () => {
    const before = await write('before.yaml', POLICY);
    const after = await write(
      'after.yaml',
      POLICY.replace('models: [big], reasoning: high', 'models: [small]'),
    );
    const diff = await openDiff({ before, after, env: {} });
    const maths = await diff.compare({ text: 'x', assume: { domain: 'math' } });
    expect(maths.changes).toEqual(['model', 'injection', 'cost']);
    expect(maths).toMatchObject({ before: { model: 'big' }, after: { model: 'small' } });
    expect(maths.before.costUsd!).toBeGreaterThan(maths.after.costUsd!);
    const other = await diff.compare({ text: 'x', assume: { domain: 'law' } });
    expect(other.changes).toEqual([]);
    expect(other.before).toEqual(other.after);
    const titan = { text: 'Project Titan', assume: { domain: 'math' } };
    const refused = await diff.compare(titan);
    expect(refused.changes).toEqual(['model', 'refusal', 'injection', 'cost']);
    expect(refused.after).toMatchObject({ refusal: 'no-eligible-model', costUsd: 0 });
    await expect(diff.compare({ txt: 1 })).rejects.toMatchObject({ code: 'BRS_OFFLINE_INPUT' });
    const faulty = await diff.compare({ prompt: 'x', model: 3 });
    expect(faulty).toMatchObject({ changes: [], after: { refusal: 'BRS_FIELD_TYPE' } });
  });
});

describe('suggested tests', () => {
  const words = (count: number): string => Array.from({ length: count }, () => 'word').join(' ');

  test('of requests: they cover routes, constraints, refusals and thresholds, and pass', async () => {
    const configFile = await write('suggest.yaml', POLICY);
    const suggestions = await openSuggestions({ configFile, env: {} });
    for (const count of [2, 300, 79, 500, 81, 3]) {
      await suggestions.addRequest({ text: words(count), assume: { domain: 'law' } });
    }
    await suggestions.addRequest({ text: 'x', assume: { domain: { math: 0.8765, law: 0.1 } } });
    await suggestions.addRequest({ text: 'Project Titan', assume: { domain: 'law' } });
    await suggestions.addRequest({
      text: `Project Titan ${words(300)}`,
      assume: { domain: 'law' },
    });
    const { yaml, count, dropped } = await suggestions.choose(20, ['From requests.']);
    expect(dropped).toBe(0);
    expect(yaml).toMatch(/^# From requests\.\n\ntests:\n/);
    for (const told of [
      'route: maths',
      'route: long',
      'constraints: [ stays ]',
      'no-eligible-model',
    ]) {
      expect(yaml).toContain(told);
    }
    expect(yaml).toContain('contextTokens >= 100 just fails');
    expect(yaml).toContain('contextTokens >= 100 just holds');
    const { problems, tests } = await check(yaml, 'suggested.yaml');
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(tests).toHaveLength(count);
    expect(tests.flatMap(({ failures }) => failures)).toEqual([]);
  });

  test('learned readings are taken for granted, shortened where nothing depends on it', async () => {
    const configFile = await write('suggest.yaml', POLICY);
    const suggestions = await openSuggestions({ configFile, env: {} });
    await suggestions.addRequest({ text: 'Prove that the square root of two is irrational.' });
    const { yaml } = await suggestions.choose(20, []);
    expect(yaml).toMatch(/assume: \{ domain: \{ math: 0\.\d\d?\b/);
    expect(await suggestions.addRequest({ prompt: 'x', model: 3 })).toBe(false);
    await expect(suggestions.addRequest({})).rejects.toMatchObject({ code: 'BRS_OFFLINE_INPUT' });
  });

  test('of decisions: without their text, and none that the policy decides otherwise', async () => {
    const configFile = await write('suggest.yaml', POLICY);
    const offline = await openOffline({ configFile, env: {} });
    const suggestions = await openSuggestions({ configFile, env: {} });
    const secret = 'Project Titan is a secret';
    const view = await offline.decide({ text: secret, tenant: 'acme', assume: { domain: 'math' } });
    suggestions.addDecision(view);
    suggestions.addDecision({ ...view, route: 'gone' });
    const { yaml, count, dropped } = await suggestions.choose(20, []);
    expect([count, dropped]).toEqual([1, 1]);
    expect(yaml).not.toContain('Titan is');
    expect(yaml).toContain(`bytes: ${secret.length}`);
    expect(yaml).toContain('tenant: acme');
    expect(yaml).toContain("'keyword: titan': true");
    const { tests } = await check(yaml, 'remembered.yaml');
    expect(tests.map(({ failures }) => failures)).toEqual([[]]);
  });
});
