import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inParallel, startDemoExchange } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';

let demo: DemoExchange;
let allowed: string;
let forbidden: string[];

/** Every request that speaks of the secret project may only go to one model, whatever else happens. */
beforeAll(async () => {
  const plain = await startDemoExchange();
  const models = (await (await fetch(`${plain.app.modelUrl}/v1/models`)).json()) as {
    data: { id: string }[];
  };
  await plain.close();
  const real = models.data
    .map((model) => model.id)
    .filter((id) => !id.startsWith('auto') && !id.includes('bge'));
  allowed = real[0]!;
  forbidden = real.slice(1);
  demo = await startDemoExchange({
    edit: (yaml) => {
      const rule = `
  - { name: secret-stays, when: { keyword: secret_project }, require: { model: ${allowed} } }`;
      const withSignal = /^ {2}keywords:/m.test(yaml)
        ? yaml.replace(
            /^ {2}keywords:/m,
            `  keywords:\n    - { name: secret_project, anyOf: ["Project Zephyr"] }`,
          )
        : `${yaml}\nsignals:\n  keywords:\n    - { name: secret_project, anyOf: ["Project Zephyr"] }\n`;
      return /^constraints:/m.test(withSignal)
        ? withSignal.replace(/^constraints:/m, `constraints:${rule}`)
        : `${withSignal}\nconstraints:${rule}\n`;
    },
  });
});
afterAll(async () => {
  await demo.close();
});

const ask = (model: string, extra: object = {}): Promise<Response> =>
  fetch(`${demo.app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      max_tokens: 16,
      messages: [{ role: 'user', content: 'Where does Project Zephyr stand?' }],
      ...extra,
    }),
  });

describe('a constraint binds every path', () => {
  test('named: each forbidden model is refused', async () => {
    for (const model of forbidden) {
      const response = await ask(model);
      expect(response.status).toBe(403);
      expect(await response.text()).toContain('secret-stays');
    }
    expect((await ask(allowed)).status).toBe(200);
  });

  test('virtual: every mode goes to the allowed model', async () => {
    const served = await inParallel(
      ['auto', 'auto:accuracy', 'auto:economy', 'auto:eco', 'auto:latency'],
      5,
      async (model) => (await ask(model)).headers.get('x-bourse-model'),
    );
    expect(new Set(served)).toEqual(new Set([allowed]));
  });

  test('retried and fallen back: with the allowed model down there is an error, never another model', async () => {
    for (const [, url] of Object.entries(demo.fleet.env)) {
      const models = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
      if (models.data[0]!.id !== allowed) continue;
      await fetch(`${url}/sim/fault`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'error500' }),
      });
    }
    for (const stream of [false, true]) {
      const response = await ask('auto', { stream });
      expect(response.status).toBeGreaterThanOrEqual(500);
    }
  });
});
