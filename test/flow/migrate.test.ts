import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import type { ReasoningFamily } from '../../src/contract/index.ts';
import { DEMO_FLEET, EXAMPLE_FLEET, startDemoFleet } from '../../src/simulate/index.ts';
import type { SimulatedSpec } from '../../src/simulate/index.ts';
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
  models: { id: string; upstreamName?: string; kind?: string; reasoning?: unknown }[];
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
    const {
      upstreamName = model,
      kind: modelKind,
      reasoning,
    } = models.find(({ id }) => id === model)!;
    const plain = modelKind === 'embedding' ? DEMO_FLEET.at(-1)! : chat[i % chat.length]!;
    const base = reasoning === undefined ? plain : thinkerOf(reasoning as ReasoningFamily);
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

/** A model of the family, which thinks as its engine is told. */
function thinkerOf(family: ReasoningFamily): SimulatedSpec {
  const thinker = EXAMPLE_FLEET.at(-1)!;
  return { ...thinker, answers: { ...thinker.answers!, thinking: { family, gain: 0.2 } } };
}

async function ask(
  app: RunningApp,
  content: string,
  { model = 'auto', key = '', maxTokens = 16 } = {},
): Promise<{ status: number; route: string | null; model: string | null; text: string }> {
  const response = await fetch(`${app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== '' && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ model, max_tokens: maxTokens, messages: [{ role: 'user', content }] }),
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

  test('a support desk: its written-out master key opens it; renamed and proxied models are served', async () => {
    const app = await serveImported('litellm', 'support-desk');
    expect((await ask(app, 'Hello', { model: 'strong' })).status).toBe(401);
    const key = 'sk-1234';
    expect(await ask(app, 'Hello', { key })).toMatchObject({ status: 200, route: 'default' });
    for (const model of ['fast', 'strong', 'imported-auto-cheap']) {
      expect(await ask(app, 'Hello', { model, key })).toMatchObject({ status: 200, model });
    }
    expect((await ask(app, 'Hello', { model: 'speech', key })).status).toBe(404);
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

  test('agents: patterns choose, and planning thinks within the budget of its effort', async () => {
    const app = await serveImported('vllm-sr', 'agents');
    expect(await ask(app, 'Close TICKET-4711, please.')).toMatchObject({
      status: 200,
      route: 'tickets',
      model: 'worker',
    });
    const plan = await ask(
      app,
      'First read the log, then restart it, and finally write a report.',
      {
        maxTokens: 16_000,
      },
    );
    expect(plan).toMatchObject({ status: 200, route: 'planning', model: 'thinker' });
    const { usage } = JSON.parse(plan.text) as {
      usage: { completion_tokens_details: { reasoning_tokens: number } };
    };
    expect(usage.completion_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    expect(usage.completion_tokens_details.reasoning_tokens).toBeLessThanOrEqual(4096);
    expect(await ask(app, 'Thank you.')).toMatchObject({ route: 'everything', model: 'worker' });
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
