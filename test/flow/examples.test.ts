import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/app-check.ts';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { EXAMPLE_FLEET, startDemoFleet, urlVariable } from '../../src/simulate/index.ts';
import { ROOT } from './demo-exchange.ts';

const FOLDER = join(ROOT, 'examples');
const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'));
const read = (name: string): Promise<string> => readFile(join(FOLDER, name), 'utf8');
/** Whether a transformer is installed differs from machine to machine; the answers here must not. */
const FAST_ONLY = '\nunderstanding: { deep: off }\n';

describe.each(files)('examples/%s', (name) => {
  test('has no error, no warning, and its own tests pass', async () => {
    const configText = (await read(name)) + FAST_ONLY;
    const { problems, tests } = await checkConfig({ configText, env: {} });
    expect(problems).toEqual([]);
    const failed = tests.filter(({ failures }) => failures.length > 0);
    expect(failed.map(({ name: of, failures }) => [of, failures[0]?.message])).toEqual([]);
    if (name !== 'demo.yaml') expect(tests.length).toBeGreaterThanOrEqual(7);
  });

  test('stands before the simulated servers, with a schema for editors', async () => {
    const text = await read(name);
    expect(text.split('\n')[0]).toBe(
      '# yaml-language-server: $schema=../docs/reference/policy.schema.json',
    );
    const ports = new Map(EXAMPLE_FLEET.map(({ id }, i) => [urlVariable(id), 18_101 + i]));
    const urls = [...text.matchAll(/\$\{(BOURSE_SIM_\w+):-http:\/\/127\.0\.0\.1:(\d+)\}/g)];
    expect(urls.length).toBeGreaterThan(2);
    for (const [, variable, port] of urls) expect(ports.get(variable!)).toBe(Number(port));
  });
});

let close: (() => Promise<void>) | null = null;
afterEach(async () => {
  await close?.();
  close = null;
});

async function serve(name: string): Promise<RunningApp> {
  const folder = await mkdtemp(join(tmpdir(), 'bourse-example-'));
  const fleet = await startDemoFleet({
    clock: createSystemClock(),
    rng: createRng(7),
    speedup: 2000,
    specs: EXAMPLE_FLEET,
  });
  const app = await startServe({
    // A busy machine may answer its probes late.
    configText: `${await read(name)}${FAST_ONLY}\nhealth: { timeoutMs: 30_000 }\n`,
    env: fleet.env,
    overrides: { port: 0, adminPort: 0, storePath: join(folder, 'bourse.db') },
  });
  close = async () => {
    await app.close();
    await fleet.close();
    await rm(folder, { recursive: true, force: true });
  };
  return app;
}

interface Answer {
  readonly choices: readonly {
    readonly message: { readonly content: string; readonly reasoning_content?: string };
  }[];
  readonly usage: { readonly completion_tokens_details?: { readonly reasoning_tokens: number } };
}

async function ask(app: RunningApp, content: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }] }),
  });
  const text = await response.text();
  return {
    status: response.status,
    route: response.headers.get('x-bourse-route'),
    model: response.headers.get('x-bourse-model'),
    text,
    answer: (): Answer => JSON.parse(text) as Answer,
  };
}

describe('served', () => {
  test('regulated: no key, the wrong role, the right one', async () => {
    const app = await serve('regulated-on-premises.yaml');
    const text = 'Summarise the discharge letter of MRN 4711001.';
    const as = (key: string) => ask(app, text, { authorization: `Bearer ${key}` });
    expect((await ask(app, text)).status).toBe(401);
    expect((await as('demo-office')).status).toBe(403);
    const clinician = await as('demo-clinician');
    expect(clinician).toMatchObject({ status: 200, route: 'clinical' });
    expect(clinician.model).not.toBe('qwen2.5-72b');
  });

  test('multi-agent: the planner thinks before it answers, a worker does not', async () => {
    const app = await serve('multi-agent.yaml');
    const plan = await ask(app, 'Plan the migration of our database.', { 'x-agent': 'planner' });
    expect(plan).toMatchObject({ status: 200, route: 'plan', model: 'qwen3-30b-a3b' });
    const { choices, usage } = plan.answer();
    expect(choices[0]!.message.reasoning_content).toMatch(/^\[simulated thinking\]/);
    expect(usage.completion_tokens_details!.reasoning_tokens).toBeGreaterThan(100);
    const step = await ask(app, 'Pick a name for the branch.');
    expect(step).toMatchObject({ status: 200, route: 'default' });
    expect(step.answer().choices[0]!.message).not.toHaveProperty('reasoning_content');
  });
});
