import { createRng } from '../../src/kernel/index.ts';
import { hashOf } from '../../src/match/index.ts';
import { startServe } from '../../src/app-serve.ts';
import { startAnsweringServer } from '../../test/flow/answering-server.ts';
import { zipf } from './customer-stream.ts';
import type { Utterance } from './customer-stream.ts';

export interface ExchangeStream {
  readonly seed: number;
  readonly requests: number;
  readonly maxErrorRate: number;
  readonly exponent: number;
  readonly mode: string;
  readonly prefer: 'cache' | 'market';
}

export interface ExchangeShare {
  readonly requests: number;
  readonly exactRatio: number;
  readonly semanticRatio: number;
  /** Answers to another intent, over all requests. */
  readonly errorRatio: number;
  readonly chargedUsd: number;
}

/** A small model and a large one, at what such models cost. */
const policyOf = (
  url: string,
  { mode, prefer, maxErrorRate }: ExchangeStream,
): string => `version: 1
server: { port: 0, admin: { port: 0 } }
health: { timeoutMs: 60000 }
log: { level: silent }
models:
  - { id: small, price: { inputPerMTok: 0.05, outputPerMTok: 0.10 }, accuracy: { default: 0.7 } }
  - { id: large, price: { inputPerMTok: 0.6, outputPerMTok: 0.8 }, accuracy: { default: 0.85 } }
instances:
  - { id: a, model: small, engine: vllm, url: "${url}" }
  - { id: b, model: large, engine: vllm, url: "${url}" }
routes:
  - name: desk
    cache:
      semantic: { maxErrorRate: ${maxErrorRate}, prefer: ${prefer} }
      allow: [timeSensitive, personal]
    use: { mode: ${mode} }
understanding: { deep: off }
`;

/** Sends a stream of customers' questions through the whole exchange, over HTTP, one after the other. */
export async function runExchangeStream(
  utterances: readonly Utterance[],
  options: ExchangeStream,
): Promise<ExchangeShare> {
  const labels = new Map(utterances.map(({ text, label }) => [text, label]));
  const answerOf = (text: string): string =>
    `For ${labels.get(text)!.replaceAll('_', ' ')}: see page ${hashOf(labels.get(text)!) >>> 0}.`;
  const server = await startAnsweringServer(({ messages }) => answerOf(messages.at(-1)!.content));
  const app = await startServe({
    configText: policyOf(server.url, options),
    env: {},
    overrides: {},
  });
  const rng = createRng(options.seed);
  const draw = zipf(utterances, options.exponent, () => rng.next());
  let exact = 0;
  let semantic = 0;
  let wrong = 0;
  let chargedUsd = 0;
  try {
    for (let i = 0; i < options.requests; i++) {
      const { text } = draw();
      const response = await fetch(`${app.modelUrl}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: text }] }),
      });
      const body = (await response.json()) as Completion;
      const status = response.headers.get('x-bourse-cache');
      if (status === 'hit') exact++;
      if (status === 'semantic') semantic++;
      if (body.choices[0]!.message.content !== answerOf(text)) wrong++;
      chargedUsd += Number(response.headers.get('x-bourse-charged-usd') ?? 0);
    }
  } finally {
    await app.close();
    await server.close();
  }
  const { requests } = options;
  return {
    requests,
    exactRatio: exact / requests,
    semanticRatio: semantic / requests,
    errorRatio: wrong / requests,
    chargedUsd,
  };
}

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}
