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
