import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkConfig, explainOnce } from '../../src/app-serve.ts';
import { ROOT } from '../flow/demo-exchange.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bourse-plugin-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const policy = (plugin: string, condition: string): string => `version: 1
plugins: ["${plugin}"]
models: [{ id: m }, { id: n }]
instances:
  - { id: a, model: m, engine: vllm, url: "http://127.0.0.1:9" }
  - { id: b, model: n, engine: vllm, url: "http://127.0.0.1:9" }
routes:
  - { name: loud, priority: 1, when: ${condition}, use: { models: [n] } }
  - { name: default, use: { models: [m] } }
`;

async function write(text: string): Promise<string> {
  const configFile = join(folder, 'bourse.yaml');
  await writeFile(configFile, text);
  return configFile;
}
const SHOUTING = join(ROOT, 'examples', 'plugin', 'shouting.ts');

test('a signal of a plugin that the policy names', async () => {
  const configFile = await write(policy(SHOUTING, '{ shouting: true }'));
  const explain = (text: string) => explainOnce({ configFile, env: {}, request: { text } });
  expect((await explain('HELP')).winner).toBe('b');
  expect((await explain('help')).winner).toBe('a');
});

test('without the plugin its condition is unknown, with its place', async () => {
  const configFile = await write(
    policy(SHOUTING, '{ shouting: true }').replace(/^plugins.*\n/m, ''),
  );
  const { problems } = await checkConfig({ configFile, env: {} });
  const [problem] = problems;
  expect(problem).toMatchObject({ severity: 'error', line: 7 });
  expect(problem!.message).toContain('shouting');
});

test.each([
  ['a file that is not there', './absent.ts'],
  ['a module without the export', join(ROOT, 'src', 'kernel', 'rng.ts')],
])('%s is a coded error', async (_name, path) => {
  const configFile = await write(policy(path, '{ shouting: true }'));
  await expect(checkConfig({ configFile, env: {} })).rejects.toMatchObject({ code: 'BRS_PLUGIN' });
});
