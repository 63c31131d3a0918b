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

  test.each(['budgets.md', 'injection.md', 'learning.md', 'tools.md'])(
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

  test('the policy that guides/local-models.md shows is valid, and names a file beside it', () => {
    const [, text] = /```yaml\n([\s\S]*?)```/.exec(read('docs/guides/local-models.md'))!;
    const { signals, engines } = builtIns();
    const load = loadPolicy({
      text: text!,
      file: '/etc/bourse.yaml',
      env: {},
      generation: 1,
      registry: { signals, engines },
    });
    expect(load).toMatchObject({ kind: 'policy', warnings: [] });
    const [local] = load.kind === 'policy' ? load.policy.config.instances : [];
    expect(local!.options!['file']).toBe('/etc/qwen3-4b-q4_k_m.gguf');
  });

  test('the policies of embeddings and of other local engines that it shows are valid too', () => {
    const [, ...policies] = [
      ...read('docs/guides/local-models.md').matchAll(/```yaml\n([\s\S]*?)```/g),
    ];
    expect(policies).toHaveLength(2);
    const { signals, engines } = builtIns();
    const registry = { signals, engines };
    const loaded = policies.map(([, text]) =>
      loadPolicy({ text: text!, file: '/etc/bourse.yaml', env: {}, generation: 1, registry }),
    );
    for (const load of loaded) expect(load).toMatchObject({ kind: 'policy', warnings: [] });
    const kinds = loaded.flatMap((load) =>
      load.kind === 'policy' ? load.policy.config.instances.map(({ engine }) => engine) : [],
    );
    expect(kinds).toEqual(['gguf', 'vllm', 'vllm', 'llama-cpp', 'ollama']);
  });

  test('the policy that guides/workers.md shows is valid', () => {
    const [, text] = /```yaml\n([\s\S]*?)```/.exec(read('docs/guides/workers.md'))!;
    const registry = { signals: [], engines: ENGINES };
    const file = '/etc/bourse.yaml';
    const load = loadPolicy({ text: text!, file, env: {}, generation: 1, registry });
    expect(load).toMatchObject({ kind: 'policy', warnings: [] });
  });

  test('the policy that guides/kv-events.md shows is valid', () => {
    const [, text] = /```yaml\n([\s\S]*?)```/.exec(read('docs/guides/kv-events.md'))!;
    const { signals, engines } = builtIns();
    const registry = { signals, engines };
    const file = '/etc/bourse.yaml';
    const load = loadPolicy({
      text: `version: 1\n${text}`,
      file,
      env: {},
      generation: 1,
      registry,
    });
    expect(load).toMatchObject({ kind: 'policy', warnings: [] });
    const [gpu] = load.kind === 'policy' ? load.policy.config.instances : [];
    expect(gpu!.kvEvents).toEqual({
      endpoint: 'tcp://127.0.0.1:5557',
      replay: 'tcp://127.0.0.1:5558',
      topic: 'kv-events',
      ranks: 1,
      renderUrl: null,
    });
  });

  test('the policy that guides/engines.md shows is valid, and its models of providers are priced', () => {
    const [, text] = /```yaml\n([\s\S]*?)```/.exec(read('docs/guides/engines.md'))!;
    const names = ['ANTHROPIC_API_KEY', 'OPENAI_KEY_ONE', 'OPENAI_KEY_TWO', 'AZURE_KEY'];
    const load = loadPolicy({
      text: text!,
      file: '/etc/bourse.yaml',
      env: Object.fromEntries(names.map((name) => [name, `key-of-${name}`])),
      generation: 1,
      registry: { signals: builtIns().signals, engines: ENGINES },
    });
    expect(load).toMatchObject({ kind: 'policy', warnings: [] });
    const config = load.kind === 'policy' ? load.policy.config : null;
    const priced = config!.models.filter(({ price }) => price !== null).map(({ id }) => id);
    expect(priced).toEqual(['claude-sonnet', 'qwen3-8b']);
    const mini = config!.instances.find(({ id }) => id === 'mini');
    expect(mini).toMatchObject({ url: 'https://api.openai.com', apiKey: 'key-of-OPENAI_KEY_ONE' });
    expect(mini?.moreApiKeys).toEqual(['key-of-OPENAI_KEY_TWO']);
  });

  test('the policy that guides/cache.md shows is valid', () => {
    const [, text] = /```yaml\n([\s\S]*?)```/.exec(read('docs/guides/cache.md'))!;
    const fleet = `version: 1
models: [{ id: m }]
instances: [{ id: i, model: m, engine: vllm, url: 'http://127.0.0.1:9001' }]
`;
    const registry = { signals: builtIns().signals, engines: ENGINES };
    const file = '/etc/bourse.yaml';
    const load = loadPolicy({ text: fleet + text!, file, env: {}, generation: 1, registry });
    expect(load).toMatchObject({ kind: 'policy', warnings: [] });
    const config = load.kind === 'policy' ? load.policy.config : null;
    expect(config!.cache).toMatchObject({ path: '/etc/answers.bin', entriesMax: 50_000 });
  });

  test('the store that guides/cache.md shows is valid; a file and a server at once are not', () => {
    const [, text] = /```yaml\n(cache:\n {2}store[\s\S]*?)```/.exec(read('docs/guides/cache.md'))!;
    const fleet = `version: 1
models: [{ id: m }]
instances: [{ id: i, model: m, engine: vllm, url: 'http://127.0.0.1:9001' }]
`;
    const loadWith = (policy: string, url: string) =>
      loadPolicy({
        text: fleet + policy,
        file: '/etc/bourse.yaml',
        env: { CACHE_URL: url },
        generation: 1,
        registry: { signals: builtIns().signals, engines: ENGINES },
      });
    const url = 'postgres://bourse:se-cret-word@db/cache';
    const load = loadWith(text!, url);
    expect(load).toMatchObject({ kind: 'policy', warnings: [] });
    const config = load.kind === 'policy' ? load.policy.config : null;
    expect(config!.cache).toMatchObject({ path: null, server: { kind: 'postgres', url } });
    const wrong = [
      loadWith(`${text!}  path: a.bin\n`, url),
      loadWith(text!, 'mysql://bourse:se-cret-word@db/cache'),
      loadWith(text!, 'postgres://bourse:se-cret-word@[db/cache'),
    ];
    for (const each of wrong) {
      expect(each.kind).toBe('rejected');
      expect(JSON.stringify(each)).not.toContain('se-cret-word');
      expect(JSON.stringify(each)).toContain('cache.store');
    }
  });

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
