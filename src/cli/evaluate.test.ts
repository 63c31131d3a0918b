import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { wordModels } from '../evaluate/fixtures/word-models.ts';
import { run } from './run.ts';
import type { Terminal } from './terminal.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bourse-eval-'));
});
afterAll(() => rm(folder, { recursive: true }));

const file = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

async function bourse(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    env: {},
    print: (line: string) => out.push(line),
    printError: (line: string) => err.push(line),
    loadModels: () => Promise.resolve({ shippedUnderstanding: () => wordModels() }),
  } as unknown as Terminal;
  return { code: await run(args, terminal, '0.0.0'), out, err };
}

const DOMAIN = '{"text": "the sum", "label": "math"}\n{"text": "a tort", "label": "law"}\n';

describe('eval', () => {
  test('--json prints exactly one object, and why auto is static goes to standard error', async () => {
    const data = await file('domain.jsonl', DOMAIN);
    const { code, out, err } = await bourse('eval', 'domain', '--data', data, '--json');
    expect(code).toBe(0);
    expect(out).toHaveLength(1);
    const report = JSON.parse(out[0]!) as Record<string, unknown>;
    expect(Object.keys(report)).toEqual([
      'task',
      'n',
      'encoder',
      'metrics',
      'baselines',
      'microsPerItem',
    ]);
    expect(report).toMatchObject({ task: 'domain', n: 2, encoder: 'static' });
    expect(err).toEqual([
      '--encoder auto: answered by the static encoder alone: it is not installed',
    ]);
  });

  test('reads gzip, and prints a table with the baselines beside', async () => {
    const data = await file('domain.jsonl.gz', gzipSync(DOMAIN));
    const { out } = await bourse('eval', 'domain', '--data', data, '--encoder', 'static');
    expect(out[0]).toMatch(/^domain: 2 items, static encoder, [\d.]+ µs per item/);
    expect(out[1]).toMatch(/accuracy +ece/);
    expect(out[2]).toMatch(/bourse +1\.0000/);
    expect(out[3]).toMatch(/majority +0\.5000 +–/);
  });

  test('a plain text is cut into records for compression', async () => {
    const data = await file(
      'long.txt',
      'They owe each other what the contract says. '.repeat(3000),
    );
    const { out } = await bourse('eval', 'compression', '--data', data, '--json');
    expect(JSON.parse(out[0]!)).toMatchObject({ n: 2, metrics: { agreement: 1 } });
  });

  test('bad data, a missing file, a broken archive and a missing support end in one line', async () => {
    const bad = await file('bad.jsonl', '{"text": oops}');
    const cut = await file('cut.jsonl.gz', gzipSync(DOMAIN).subarray(0, 30));
    const one = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await bourse('eval', ...args);
      expect([code, out]).toEqual([1, []]);
      return err.join('\n');
    };
    expect(await one('domain', '--data', bad)).toMatch(/bad\.jsonl:1:10: the line is not JSON/);
    expect(await one('domain', '--data', join(folder, 'none'))).toMatch(/there is no such file/);
    expect(await one('domain', '--data', cut)).toMatch(/cannot unpack/);
    expect(await one('intent', '--data', await file('d.jsonl', DOMAIN))).toMatch(/needs --support/);
    expect((await bourse('eval', 'nonsense', '--data', bad)).code).toBe(2);
  });
});

describe('embed', () => {
  test('prints a vector per text, from arguments and from a file', async () => {
    const lines = await file('lines.txt', 'red car\n\nblue bus\r\n');
    const { out } = await bourse('embed', 'one', '--file', lines);
    const rows = out.map((line) => JSON.parse(line) as { text: string; embedding: number[] });
    expect(rows.map(({ text }) => text)).toEqual(['one', 'red car', 'blue bus']);
    expect(Math.hypot(...rows[1]!.embedding)).toBeCloseTo(1, 4);
    expect((await bourse('embed')).code).toBe(1);
  });
});

describe('train intent', () => {
  const OWN = ['pay bill', 'bill due', 'play music', 'stop music'];
  const labelled = OWN.map((text, i) => JSON.stringify({ text, label: i < 2 ? 'bill' : 'music' }));

  test('tells how good it is on texts held out, and writes what a policy takes', async () => {
    const data = await file(
      'own.jsonl',
      [...labelled, '{"text":"zebra","label":"oos"}'].join('\n'),
    );
    const target = join(folder, 'intents.yaml');
    const { code, out } = await bourse('train', 'intent', data, '--out', target);
    expect(code).toBe(0);
    expect(out[0]).toBe('2 intents, 4 examples; held out in 2 folds:');
    expect(out.join('\n')).toMatch(/accuracy +100\.0 %[^]*out of scope found/);
    expect(parse(await readFile(target, 'utf8'))).toEqual({
      signals: {
        intents: [
          { name: 'bill', examples: ['pay bill', 'bill due'] },
          { name: 'music', examples: ['play music', 'stop music'] },
        ],
      },
    });
  });

  test('an intent with one text, and a target that cannot be written, end in one line', async () => {
    const lonely = await file(
      'lonely.jsonl',
      [...labelled, '{"text":"hi","label":"hello"}'].join('\n'),
    );
    expect((await bourse('train', 'intent', lonely)).err[0]).toMatch(/"hello" has one text/);
    const data = await file('again.jsonl', labelled.join('\n'));
    const { code, err } = await bourse(
      'train',
      'intent',
      data,
      '--out',
      join(folder, 'no', 'x.yaml'),
    );
    expect([code, err.at(-1)]).toEqual([1, expect.stringMatching(/cannot write .*ENOENT/)]);
  });
});
