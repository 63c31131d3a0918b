import { afterEach, expect, test } from 'vitest';
import { createSystemClock } from '../../kernel/index.ts';
import type { Instance } from '../../contract/index.ts';
import { openGgufHost } from './gguf-host.ts';
import type { GgufHost } from './gguf-host.ts';
import { createKeepTeller } from './keep-teller.ts';
import { pathOfSpec } from './spec-path.ts';

let host: GgufHost | null = null;
afterEach(async () => {
  await host?.close();
  host = null;
});

const NOWHERE = {
  file: '/nowhere/none.gguf',
  task: 'chat',
  slots: 1,
  contextTokens: null,
  threads: 1,
} as const;

async function health({ url, token }: GgufHost): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}${pathOfSpec(NOWHERE)}/health`, { headers });
  return `${answer.status} ${await answer.text()}`;
}

test('the process starts with the first connection, which it answers', async () => {
  host = await openGgufHost(createSystemClock());
  expect(await health(host)).toContain('absent');
  // The file does not exist, or the optional package is not installed: either is told, with its code.
  await expect.poll(() => health(host!), { timeout: 20_000 }).toContain('BRS_');
  expect((await fetch(host.url)).status).toBe(401);
});

test('whoever comes while the process starts is answered too', async () => {
  host = await openGgufHost(createSystemClock());
  const answers = await Promise.all(Array.from({ length: 12 }, () => health(host!)));
  for (const answer of answers) expect(answer).toMatch(/^200 /);
});

test('a process that dies is started again on the same port', async () => {
  host = await openGgufHost(createSystemClock());
  await health(host);
  process.kill(host.processId!, 'SIGKILL');
  await expect
    .poll(() => health(host!).catch(() => 'refused'), { timeout: 20_000, interval: 200 })
    .toContain('absent');
});

test('a process whose fleet has no local model any more ends, and another one starts when it is asked', async () => {
  host = await openGgufHost(createSystemClock());
  await health(host);
  const first = host.processId;
  const teller = createKeepTeller(host, createSystemClock());
  const instance = { url: host.url + pathOfSpec(NOWHERE) } as Instance;
  teller.onFleet([instance]);
  teller.onFleet([]);
  teller.onFleet([instance]);
  teller.onFleet([]);
  await expect.poll(() => host!.processId, { timeout: 20_000 }).toBeNull();
  await expect
    .poll(() => health(host!).catch(() => 'refused'), { timeout: 20_000, interval: 100 })
    .toContain('absent');
  expect(host.processId).not.toBe(first);
  await teller.close();
});

test('an exchange that never had a local model starts no process to say so', async () => {
  host = await openGgufHost(createSystemClock());
  const teller = createKeepTeller(host, createSystemClock());
  teller.onFleet([{ url: 'http://127.0.0.1:9/v1' } as Instance]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(host.processId).toBeNull();
  await teller.close();
});

test('one that nobody asks has no process, and closes at once', async () => {
  host = await openGgufHost(createSystemClock());
  expect(host.processId).toBeNull();
});
