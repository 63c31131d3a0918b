import { expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { DecisionView } from '../../src/contract/index.ts';
import { startAnsweringServer } from './answering-server.ts';
import { eventually, getJson } from './demo-exchange.ts';

const THINGS =
  'jacket kettle bicycle guitar carpet lamp camera tent mirror printer blender keyboard'.split(' ');
const WORDINGS = [
  (thing: string) => `How do I return a ${thing}?`,
  (thing: string) => `How can I return a ${thing}?`,
  (thing: string) => `how do i return a ${thing} please`,
  (thing: string) => `How do you return a ${thing}?`,
  (thing: string) => `Hi, how can I return a ${thing}`,
];

/** A cheap model, and errors that are dear beside it. */
const policyOf = (url: string, prefer: string): string => `version: 1
server: { port: 0, admin: { port: 0 } }
health: { timeoutMs: 20000 }
log: { level: silent }
models:
  - { id: small, price: { inputPerMTok: 0.1, outputPerMTok: 0.1 }, accuracy: { default: 0.8 } }
instances:
  - { id: a, model: small, engine: vllm, url: "${url}" }
routes:
  - name: faq
    cache: { semantic: { maxErrorRate: 0.1, explore: 0.01, prefer: ${prefer} } }
    use: { weights: { usdPerError: 0.01, usdPerSecond: 0, usdPerKilojoule: 0 } }
understanding: { deep: off }
`;

async function run(prefer: string) {
  const server = await startAnsweringServer(({ messages }) => {
    const said = messages.at(-1)!.content.toLowerCase();
    return `The ${THINGS.find((thing) => said.includes(thing))} is sent back within a month.`;
  });
  const configText = policyOf(server.url, prefer);
  const app = await startServe({ configText, env: {}, overrides: {} });
  let semantic = 0;
  let outbid = 0;
  try {
    for (const wording of WORDINGS) {
      for (const thing of THINGS) {
        const response = await fetch(`${app.modelUrl}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            model: 'auto',
            messages: [{ role: 'user', content: wording(thing) }],
          }),
        });
        await response.json();
        if (response.headers.get('x-bourse-cache') === 'semantic') semantic++;
        // The first wordings are known too little to be served at all.
        if (WORDINGS.indexOf(wording) < 3) continue;
        const id = response.headers.get('x-bourse-decision-id')!;
        const view = await eventually(() =>
          getJson<DecisionView>(`${app.adminUrl}/admin/v1/decisions/${id}`),
        );
        if (view.stored?.choice === 'outbid') outbid++;
      }
    }
  } finally {
    await app.close();
    await server.close();
  }
  return { semantic, outbid };
}

test('prefer: cache serves what is within the bound, beside a model that costs next to nothing', async () => {
  const { semantic, outbid } = await run('cache');
  expect(semantic).toBeGreaterThan(0);
  expect(outbid).toBe(0);
});

test('prefer: market prices the chance of a wrong answer, and the cheap model outbids the stored one', async () => {
  const { semantic, outbid } = await run('market');
  expect(semantic).toBe(0);
  expect(outbid).toBeGreaterThan(0);
});
