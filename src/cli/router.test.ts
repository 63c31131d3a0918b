import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wordEncoder } from '../quality/fixtures/made-up-table.ts';
import { run } from './run.ts';
import type { Terminal } from './terminal.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bourse-router-'));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

async function bourse(...args: string[]) {
  const [out, err, shown]: [string[], string[], (string | null)[]] = [[], [], []];
  const terminal = {
    env: {},
    print: (line: string) => out.push(line),
    printError: (line: string) => err.push(line),
    progress: (line: string | null) => shown.push(line),
    loadModels: () =>
      Promise.resolve({ shippedUnderstanding: () => ({ fast: () => ({ encoder: wordEncoder }) }) }),
  } as unknown as Terminal;
  return { code: await run(args, terminal, '0.0.0'), out, err, shown };
}

/** The small model knows law, the large one everything. */
const rows = (count: number, first = 0): string =>
  Array.from({ length: count }, (_, i) => {
    const isLaw = i % 2 === 0;
    const words = isLaw ? ['court', 'tort', 'contract'] : ['sum', 'prime', 'root'];
    return JSON.stringify({
      prompt: `Question ${first + i}: tell a ${words[i % 3]} from a ${words[(i + 1) % 3]}.`,
      category: isLaw ? 'law' : 'math',
      correct: { small: isLaw ? 1 : 0, large: 1 },
      cost: { small: 0.0001, large: 0.002 },
      out_chars: { small: 80, large: 400 },
    });
  }).join('\n');

test('a router is learned from two files, and scored on a third', async () => {
  await writeFile(at('a.jsonl'), rows(40));
  await writeFile(at('b.jsonl.gz'), gzipSync(rows(40, 100)));
  await writeFile(at('held.jsonl'), rows(20, 200));
  const router = at('router.safetensors');
  const trained = await bourse(
    'train',
    'router',
    '--data',
    at('a.jsonl'),
    at('b.jsonl.gz'),
    '--out',
    router,
    '--json',
  );
  expect(trained.err).toEqual([]);
  expect(JSON.parse(trained.out[0]!)).toEqual({
    out: router,
    prompts: 80,
    models: [
      { id: 'large', meanCorrect: 1 },
      { id: 'small', meanCorrect: 0.5 },
    ],
    bytes: (await stat(router)).size,
  });
  expect(trained.shown.at(-1)).toBeNull();
  expect(trained.shown[1]).toMatch(/^learning \[[= ]{30}\] \d+ %$/);

  const scored = await bourse(
    'eval',
    'router',
    '--model',
    router,
    '--data',
    at('held.jsonl'),
    '--json',
  );
  expect(scored.out).toHaveLength(1);
  const report = JSON.parse(scored.out[0]!) as Record<string, Record<string, unknown>>;
  expect(Object.keys(report)).toEqual(['n', 'metrics', 'baselines']);
  expect(Object.keys(report['metrics']!)).toEqual(['apgr', 'cpt50', 'cpt80', 'aiq']);
  expect(report).toMatchObject({
    n: 20,
    metrics: { apgr: 0.75 },
    baselines: { random: { apgr: 0.5 } },
  });

  const table = await bourse(
    'eval',
    'router',
    '--model',
    router,
    '--data',
    at('held.jsonl'),
    '--pair',
    'small,large',
  );
  expect(table.out[0]).toBe('router: 20 prompts, small against large');
  expect(table.out[2]).toMatch(/bourse +0\.7500 +0\.2500/);
  expect(table.out.at(-1)).toMatch(/zero router +– +– +– +\d/);
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('what is wrong is said in one line', async () => {
  await writeFile(at('good.jsonl'), rows(20));
  await writeFile(at('bad.jsonl'), `${rows(2)}\n{"prompt": "a", "correct": {"small": 7}}`);
  await writeFile(at('text.txt'), 'no model');
  const one = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await bourse(...args);
    expect([code, out]).toEqual([1, []]);
    expect(err).toHaveLength(1);
    return err[0]!;
  };
  const good = at('good.jsonl');
  expect(await one('train', 'router', '--data', at('bad.jsonl'), '--out', at('x'))).toMatch(
    /bad\.jsonl:3:\d+: "correct" of "small" must be a number from 0 to 1/,
  );
  expect(await one('train', 'router', '--data', good, '--out', at('no/where'))).toMatch(
    /cannot write .*ENOENT/,
  );
  expect(await one('eval', 'router', '--data', good)).toMatch(/needs --model/);
  expect(await one('eval', 'router', '--data', good, '--model', at('none'))).toMatch(
    /there is no such file/,
  );
  expect(await one('eval', 'router', '--data', good, '--model', at('text.txt'))).toMatch(
    /text\.txt/,
  );
  await expect(readFile(at('x'))).rejects.toThrow('ENOENT');
});

test('the guide trains and judges what it shows', async () => {
  const guide = await readFile(
    new URL('../../docs/guides/router-training.md', import.meta.url),
    'utf8',
  );
  const [, table] = /```jsonl\n([\s\S]*?)```/.exec(guide)!;
  const commands = [...guide.matchAll(/```sh\nbourse (.*)\n```/g)].map(([, line]) =>
    line!
      .split(' ')
      .map((word) => (/\.(jsonl|safetensors)$/.test(word) ? at(`guide-${word}`) : word)),
  );
  await writeFile(at('guide-outcomes.jsonl'), table!);
  expect(commands).toHaveLength(2);
  for (const command of commands) {
    const { code, err } = await bourse(...command);
    expect([code, err]).toEqual([0, []]);
  }
});
