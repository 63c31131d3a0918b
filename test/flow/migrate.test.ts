import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { DEMO_FLEET, startDemoFleet } from '../../src/simulate/index.ts';
import {
  foreignText,
  FULL_ENVIRONMENT,
  importText,
} from '../../src/migrate/fixtures/foreign-files.ts';
import type { Kind } from '../../src/migrate/fixtures/foreign-files.ts';

interface InstanceLine {
  id: string;
  model: string;
  engine: string;
  url: string;
}
interface PolicyLines {
  server: { port?: number };
  models: { id: string; upstreamName?: string; kind?: string }[];
  instances: InstanceLine[];
}

let close: (() => Promise<void>) | null = null;
afterEach(async () => {
  await close?.();
  close = null;
});

/** The exchange under an imported policy: only the addresses and engines of its instances are replaced. */
async function serveImported(kind: Kind, name: string): Promise<RunningApp> {
  const folder = await mkdtemp(join(tmpdir(), 'bourse-migrate-'));
  const document = parseDocument(importText(kind, foreignText(kind, name)).policy);
  const { models, instances } = document.toJS() as PolicyLines;
  const chat = DEMO_FLEET.filter(({ answers }) => answers !== null);
  const specs = instances.map(({ model }, i) => {
    const { upstreamName = model, kind: modelKind } = models.find(({ id }) => id === model)!;
    const base = modelKind === 'embedding' ? DEMO_FLEET.at(-1)! : chat[i % chat.length]!;
    return { ...base, id: `server-${i}`, model: upstreamName };
  });
  const fleet = await startDemoFleet({
    clock: createSystemClock(),
    rng: createRng(7),
    speedup: 50,
    specs,
  });
  for (const [i, { url }] of fleet.servers.entries()) {
    document.setIn(['instances', i, 'url'], url);
    document.setIn(['instances', i, 'engine'], 'simulated');
  }
  // A busy machine may answer its probes late.
  document.setIn(['health', 'timeoutMs'], 30_000);
  document.setIn(['log', 'level'], 'warn');
  const app = await startServe({
    configText: String(document),
    env: FULL_ENVIRONMENT,
    overrides: { port: 0, adminPort: 0, storePath: join(folder, 'bourse.db') },
  });
  close = async () => {
    await app.close();
    await fleet.close();
    await rm(folder, { recursive: true, force: true });
  };
  return app;
}

async function ask(
  app: RunningApp,
  content: string,
  { model = 'auto', key = '' } = {},
): Promise<{ status: number; route: string | null; model: string | null; text: string }> {
  const response = await fetch(`${app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== '' && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ model, max_tokens: 16, messages: [{ role: 'user', content }] }),
  });
  const { headers, status } = response;
  const text = await response.text();
  return {
    status,
    route: headers.get('x-bourse-route'),
    model: headers.get('x-bourse-model'),
    text,
  };
}

describe('litellm', () => {
  test('a shared gateway: the master key opens it, names and auto are served', async () => {
    expect(FULL_ENVIRONMENT['LITELLM_MASTER_KEY_SHA256']).toBe(hash('sha256', 'sk-master'));
    const app = await serveImported('litellm', 'team-gateway');
    expect((await ask(app, 'Hello')).status).toBe(401);
    const named = await ask(app, 'Hello', { model: 'gpt-4o', key: 'sk-master' });
    expect(named).toMatchObject({ status: 200, route: 'named', model: 'gpt-4o' });
    const auto = await ask(app, 'Hello', { key: 'sk-master' });
    expect(auto).toMatchObject({ status: 200, route: 'default' });
  });

  test('own machines: a prompt beyond the small window goes to the large model', async () => {
    const app = await serveImported('litellm', 'self-hosted');
    expect(await ask(app, 'Hello')).toMatchObject({ status: 200, route: 'default' });
    const long = await ask(app, 'word '.repeat(8000));
    expect(long).toMatchObject({ status: 200, route: 'beyond-qwen-small' });
    expect(long.model).toMatch(/^qwen-large/);
  });
});

describe('vllm-sr', () => {
  test('subjects: mathematics, long prompts, and the default', async () => {
    const app = await serveImported('vllm-sr', 'subjects');
    const maths = await ask(
      app,
      'Find all real solutions of the equation x^3 - 6x^2 + 11x - 6 = 0.',
    );
    expect(maths.route).toMatch(/stem$/);
    expect(await ask(app, 'Write two friendly lines for a birthday card.')).toMatchObject({
      status: 200,
      route: 'default',
      model: 'small',
    });
  });

  test('a service desk: keywords choose, personal data is turned away', async () => {
    const app = await serveImported('vllm-sr', 'service-desk');
    expect(await ask(app, 'Where is the invoice of last month?')).toMatchObject({
      status: 200,
      route: 'billing',
      model: 'desk',
    });
    const refused = await ask(app, 'Charge 4111 1111 1111 1111 for it, please.');
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('Please leave personal data out and ask again.');
  });
});
