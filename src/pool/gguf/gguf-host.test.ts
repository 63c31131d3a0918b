import { afterEach, expect, test } from 'vitest';
import { createSystemClock } from '../../kernel/index.ts';
import { openGgufHost } from './gguf-host.ts';
import type { GgufHost } from './gguf-host.ts';
import { pathOfSpec } from './spec-path.ts';

let host: GgufHost | null = null;
afterEach(async () => {
  await host?.close();
  host = null;
});

const NOWHERE = { file: '/nowhere/none.gguf', slots: 1, contextTokens: null, threads: 1 };

async function health({ url, token }: GgufHost): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}${pathOfSpec(NOWHERE)}/health`, { headers });
  return `${answer.status} ${await answer.text()}`;
}

test('the process starts with the first connection, which it answers', async () => {
  host = await openGgufHost(createSystemClock());
  expect(await health(host)).toContain('absent');
  // The file does not exist, or the optional package is not installed: either is told.
  await expect.poll(() => health(host!), { timeout: 20_000 }).not.toContain('being loaded');
  expect((await fetch(host.url)).status).toBe(401);
});

test('a process that dies is started again on the same port', async () => {
  host = await openGgufHost(createSystemClock());
  await health(host);
  process.kill(host.processId!, 'SIGKILL');
  await expect
    .poll(() => health(host!).catch(() => 'refused'), { timeout: 20_000, interval: 200 })
    .toContain('absent');
});

test('one that nobody asks has no process, and closes at once', async () => {
  host = await openGgufHost(createSystemClock());
  expect(host.processId).toBeNull();
});
