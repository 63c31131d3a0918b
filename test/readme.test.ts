import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ENGINES } from '../src/pool/index.ts';
import { loadPolicy } from '../src/policy/index.ts';
import { builtIns } from '../src/app-registry.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...['guides', 'decisions', 'reference'].flatMap((folder) =>
    readdirSync(join(ROOT, 'docs', folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', folder, name)),
  ),
];

describe('the documents', () => {
  test('the policy that README shows is valid, without a warning', () => {
    const [, text] = /```yaml\n([\s\S]*?)```/.exec(read('README.md'))!;
    const env = { ACME_KEY_SHA256: 'a'.repeat(64), OPENAI_API_KEY: 'sk-of-the-example' };
    const registry = { signals: builtIns().signals, engines: ENGINES };
    const load = loadPolicy({
      text: text!,
      file: '/etc/bourse.yaml',
      env,
      generation: 1,
      registry,
    });
    expect(load).toMatchObject({ kind: 'policy', warnings: [] });
  });

  test.each(['budgets.md', 'injection.md', 'tools.md'])(
    'the policies that guides/%s shows are valid',
    (guide) => {
      const policies = [...read(join('docs', 'guides', guide)).matchAll(/```yaml\n([\s\S]*?)```/g)];
      expect(policies.length).toBeGreaterThan(1);
      const fleet = `version: 1
models: [{ id: m, reasoning: qwen3 }]
instances: [{ id: i, model: m, engine: vllm, url: 'http://127.0.0.1:9001' }]
`;
      const registry = { signals: builtIns().signals, engines: ENGINES };
      for (const [, text] of policies) {
        const file = '/etc/bourse.yaml';
        const load = loadPolicy({ text: fleet + text!, file, env: {}, generation: 1, registry });
        expect(load, text).toMatchObject({ kind: 'policy', warnings: [] });
      }
    },
  );

  test('the policy that guides/feedback.md shows is valid', () => {
    const [, text] = /```yaml\n([\s\S]*?)```/.exec(read('docs/guides/feedback.md'))!;
    const instances = `instances:
  - { id: i, model: qwen2.5-7b, engine: vllm, url: 'http://127.0.0.1:9001' }
`;
    const registry = { signals: builtIns().signals, engines: ENGINES };
    const whole = `version: 1\n${instances}${text!}`;
    const load = loadPolicy({
      text: whole,
      file: '/etc/bourse.yaml',
      env: {},
      generation: 1,
      registry,
    });
    expect(load).toMatchObject({ kind: 'policy', warnings: [] });
  });

  test('the policy of several files that guides/policy-files.md shows is valid', () => {
    const blocks = [
      ...read('docs/guides/policy-files.md').matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g),
    ];
    const files = new Map(blocks.map(([, name, text]) => [join('/etc', name!), text!]));
    expect(files.size).toBe(3);
    const readFile = (path: string): string => {
      const text = files.get(path);
      if (text === undefined) throw new Error(path);
      return text;
    };
    const file = '/etc/bourse.yaml';
    const registry = { signals: builtIns().signals, engines: ENGINES };
    const input = { text: readFile(file), file, env: {}, readFile, generation: 1, registry };
    expect(loadPolicy(input)).toMatchObject({
      kind: 'policy',
      warnings: [],
      policy: { config: { attempts: { max: 3, totalTimeoutMs: 60_000 }, instances: [{}, {}] } },
    });
  });

  test.each(documents)('%s names no file that is not there', (document) => {
    const named = [
      ...read(document).matchAll(/`((?:src|docs|test|examples|bench|scripts)\/[\w./-]+)`/g),
    ];
    const missing = named
      .map(([, path]) => path!.replace(/\/$/, ''))
      .filter((path) => {
        const folder = join(ROOT, dirname(path));
        try {
          return !readdirSync(folder).includes(path.split('/').at(-1)!);
        } catch {
          return true;
        }
      });
    expect(missing).toEqual([]);
  });

  test('ARCHITECTURE.md fits its limit', () => {
    expect(read('ARCHITECTURE.md').split('\n').length).toBeLessThanOrEqual(300);
  });

  test('no document carries a machine’s path', () => {
    const carrying = documents.filter((document) =>
      /\/(?:work|home|root|Users)\/\w/.test(read(document)),
    );
    expect(carrying).toEqual([]);
  });
});
