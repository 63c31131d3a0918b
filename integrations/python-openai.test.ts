import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDemo } from './demo.ts';
import type { Demo } from './demo.ts';

const PYTHON = process.env['BOURSE_PYTHON'] ?? 'python3';
const hasClient = spawnSync(PYTHON, ['-c', 'import openai']).status === 0;

const SCRIPT = `
import sys
from openai import OpenAI, NotFoundError
client = OpenAI(base_url=sys.argv[1] + "/v1", api_key="unused", max_retries=0)
answer = client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "Hello"}])
assert "simulated" in answer.choices[0].message.content
assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
text = ""
for chunk in client.chat.completions.create(model="auto", stream=True, messages=[{"role": "user", "content": "Hello"}]):
    assert chunk.usage is None
    text += chunk.choices[0].delta.content or ""
assert "simulated" in text
try:
    client.chat.completions.create(model="gpt-99", messages=[{"role": "user", "content": "x"}])
    raise SystemExit("no error")
except NotFoundError as error:
    assert error.code == "model_not_found"
print("ok")
`;

describe.skipIf(!hasClient)(
  `the OpenAI client for Python (${hasClient ? 'present' : 'skipped: absent'})`,
  () => {
    let demo: Demo;
    beforeAll(async () => {
      demo = await startDemo();
    });
    afterAll(() => demo.close());

    test('chat, a stream, an error', () => {
      expect(execFileSync(PYTHON, ['-c', SCRIPT, demo.url], { encoding: 'utf8' })).toContain('ok');
    });
  },
);
