import { expect, test } from 'vitest';
import type { AppPort } from './app-port.ts';
import { run } from './run.ts';
import { PLAIN_SCREEN } from './terminal.ts';
import type { Terminal } from './terminal.ts';

const SUMMARY = {
  architecture: 'llama',
  name: 'small\u001b[31m',
  contextTokens: 2048,
  layers: 3,
  parameters: 1_234_567,
  tensors: 20,
  fileBytes: 3 * 1024 * 1024,
  hasChatTemplate: false,
  isEmbedding: false,
};

async function bourse(app: Partial<AppPort>, ...args: readonly string[]) {
  const out: string[] = [];
  const terminal = {
    env: {},
    screen: PLAIN_SCREEN,
    print: (line: string) => out.push(line),
    printError: (line: string) => out.push(line),
    loadApp: () => Promise.resolve(app),
  } as unknown as Terminal;
  return { code: await run(args, terminal, '0.0.0'), text: out.join('\n') };
}

test('verify says what the file holds, in words that cannot steer the terminal', async () => {
  const verifyModel = () => Promise.resolve(SUMMARY);
  const { code, text } = await bourse({ verifyModel }, 'models', 'verify', 'm.gguf');
  expect(code).toBe(0);
  expect(text).toContain('small?[31m, llama');
  expect(text).toContain('1.2 million in 20 tensors, 3 layers');
  expect(text).toContain('no chat template');
  const json = await bourse({ verifyModel }, 'models', 'verify', 'm.gguf', '--json');
  expect(JSON.parse(json.text)).toEqual(SUMMARY);
});

test('add hands on the names, and says what the policy has now', async () => {
  const asked: unknown[] = [];
  const addModel: AppPort['addModel'] = (options) => {
    asked.push(options);
    return Promise.resolve({ id: 'mini', instance: 'mini-local', summary: SUMMARY });
  };
  const args = ['models', 'add', 'm.gguf', '-c', 'bourse.yaml', '--id', 'mini'];
  const { code, text } = await bourse({ addModel }, ...args);
  expect(code).toBe(0);
  expect(asked).toEqual([{ configFile: 'bourse.yaml', file: 'm.gguf', id: 'mini' }]);
  expect(text).toContain('bourse.yaml has the model mini and its instance mini-local.');
});

test('add needs a policy file', async () => {
  expect((await bourse({}, 'models', 'add', 'm.gguf')).code).not.toBe(0);
});
