import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { encode } from '@msgpack/msgpack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Publisher, Router } from 'zeromq';
import { freePort, startBourse } from './demo.ts';
import type { Demo } from './demo.ts';

const BLOCK_TOKENS = 16;
const TOPIC = 'kv-events';

interface Chat {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** Four letters a token. */
const tokensOf = ({ messages }: Chat): number[] => {
  const bytes = Buffer.from(messages.map(({ role, content }) => `<${role}>${content}`).join(''));
  return Array.from({ length: bytes.length >> 2 }, (_, i) => bytes.readUInt32LE(4 * i) >>> 8);
};

/** A server as vLLM is one, without a model: it renders, answers, and publishes what it stores. */
class FakeVllm {
  url = '';
  eventsPort = 0;
  replayPort = 0;
  isDown = false;
  rendered = 0;
  readonly #form: 'map' | 'array';
  readonly #events = new Publisher({ linger: 0 });
  readonly #replay = new Router({ linger: 0 });
  readonly #published: Uint8Array[] = [];
  /** By their tokens: the number of each block. */
  readonly #held = new Map<string, bigint>();
  #blocks = 0n;
  #server: Server | null = null;

  constructor(form: 'map' | 'array') {
    this.#form = form;
  }

  async open(): Promise<void> {
    [this.eventsPort, this.replayPort] = [await freePort(), await freePort()];
    await this.#events.bind(`tcp://127.0.0.1:${this.eventsPort}`);
    await this.#replay.bind(`tcp://127.0.0.1:${this.replayPort}`);
    void this.#answerReplays();
    this.#server = createServer((request, response) => {
      void this.#answer(request.url ?? '', request).then(({ status, text }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(text),
      );
    }).listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#events.close();
    this.#replay.close();
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** As under pressure of memory: all that it holds, the last block first. */
  async evict(): Promise<void> {
    const block_hashes = [...this.#held.values()].toReversed();
    this.#held.clear();
    await this.#publish({ type: 'BlockRemoved', block_hashes, medium: 'GPU' });
  }

  async #answer(
    path: string,
    body: NodeJS.ReadableStream,
  ): Promise<{ readonly status: number; readonly text: string }> {
    if (path === '/health') return { status: this.isDown ? 503 : 200, text: '' };
    if (path === '/metrics') return { status: 200, text: 'vllm:num_requests_running 0\n' };
    if (path !== '/tokenize' && path !== '/v1/chat/completions') return { status: 404, text: '{}' };
    const asked = (await json(body)) as Chat;
    const tokens = tokensOf(asked);
    if (path === '/tokenize') {
      this.rendered++;
      return { status: 200, text: JSON.stringify({ count: tokens.length, tokens }) };
    }
    const cached_tokens = await this.#store(tokens);
    const usage = {
      prompt_tokens: tokens.length,
      completion_tokens: 1,
      total_tokens: tokens.length + 1,
      prompt_tokens_details: { cached_tokens },
    };
    const message = { role: 'assistant', content: 'Yes.' };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    const completion = { id: 'c', object: 'chat.completion', created: 1, model: 'm' };
    return { status: 200, text: JSON.stringify({ ...completion, choices, usage }) };
  }

  /** How many of the tokens were there. */
  async #store(tokens: readonly number[]): Promise<number> {
    let parent: bigint | null = null;
    let cached = 0;
    for (let end = BLOCK_TOKENS; end <= tokens.length; end += BLOCK_TOKENS) {
      const key = tokens.slice(0, end).join();
      let hash = this.#held.get(key);
      if (hash === undefined) {
        hash = 0xf000_0000_0000_0000n + this.#blocks++;
        this.#held.set(key, hash);
        await this.#publish({
          type: 'BlockStored',
          block_hashes: [hash],
          parent_block_hash: parent,
          token_ids: tokens.slice(end - BLOCK_TOKENS, end),
          block_size: BLOCK_TOKENS,
          lora_id: null,
          medium: 'GPU',
        });
      } else {
        cached = end;
      }
      parent = hash;
    }
    return cached;
  }

  async #publish(event: Readonly<Record<string, unknown>>): Promise<void> {
    const told = this.#form === 'map' ? event : Object.values(event);
    const batch = encode([Date.now() / 1000, [told], 0], { useBigInt64: true });
    const sequence = this.#published.push(batch) - 1;
    await this.#events.send([TOPIC, numberOf(sequence), batch]);
  }

  async #answerReplays(): Promise<void> {
    for await (const [client = '', , from = Buffer.alloc(8)] of this.#replay) {
      const start = Number(Buffer.from(from).readBigUInt64BE());
      for (const [i, batch] of this.#published.slice(start).entries()) {
        await this.#replay.send([client, '', numberOf(start + i), batch]);
      }
      await this.#replay.send([client, '', Buffer.alloc(8, 0xff), '']);
    }
  }
}

function numberOf(sequence: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(sequence));
  return bytes;
}

/** The last is too dear to serve: where nobody competes, nobody asks who has the prompt. */
const servers = { a: new FakeVllm('map'), b: new FakeVllm('array'), c: new FakeVllm('map') };
let bourse: Demo;

beforeAll(async () => {
  await Promise.all(Object.values(servers).map((server) => server.open()));
  const instances = Object.entries(servers).map(
    ([id, { url, eventsPort, replayPort }]) =>
      `  - { id: ${id}, model: m-${id}, engine: vllm, url: "${url}", kvEvents: { endpoint: "tcp://127.0.0.1:${eventsPort}", replay: "tcp://127.0.0.1:${replayPort}", topic: ${TOPIC} } }`,
  );
  bourse = await startBourse('serve', {
    'bourse.yaml': `version: 1
server: { workers: 1 }
understanding: { deep: off }
learning: { exploration: { kind: off } }
health: { pollMs: 200 }
modes: { cheap: { usdPerError: 0, usdPerSecond: 0, usdPerKilojoule: 0 } }
models:
  - { id: m-a, price: { inputPerMTok: 1, cachedInputPerMTok: 0.1, outputPerMTok: 1 } }
  - { id: m-b, price: { inputPerMTok: 1.2, cachedInputPerMTok: 0.12, outputPerMTok: 1.2 } }
  - { id: m-c, price: { inputPerMTok: 50, cachedInputPerMTok: 50, outputPerMTok: 50 } }
instances:
${instances.join('\n')}
routes:
  - { name: default, use: { models: '*', mode: cheap } }
`,
  });
}, 90_000);
afterAll(async () => {
  await bourse?.close();
  for (const server of Object.values(servers)) server.close();
});

const PROMPT = Array.from({ length: 4_000 }, (_, i) => `word${i % 977}`).join(' ');

async function ask(question: string): Promise<'a' | 'b'> {
  const answer = await fetch(`${bourse.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({
      model: 'auto',
      messages: [
        { role: 'system', content: PROMPT },
        { role: 'user', content: question },
      ],
      max_tokens: 4,
    }),
  });
  expect(answer.status).toBe(200);
  await answer.json();
  return answer.headers.get('x-bourse-instance') as 'a' | 'b';
}

/** Nobody tells when a worker has heard of it. */
const settle = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 2_000));

test('an award goes by what engines say they hold, not by where prompts were sent', async () => {
  // Both serve it, since each was down for a while; what was believed of it is forgotten with that.
  servers.b.isDown = true;
  await settle();
  expect(await ask('What is first?')).toBe('a');
  servers.b.isDown = false;
  servers.a.isDown = true;
  await settle();
  expect(await ask('What is first?')).toBe('b');
  servers.a.isDown = false;
  await settle();
  expect([servers.a.rendered, servers.b.rendered]).toEqual([1, 1]);

  // The prompt costs a tenth where it is cached, and a little less at a.
  expect(await ask('What is second?')).toBe('a');
  await settle();
  expect(await ask('What is third?')).toBe('a');
  await settle();
  await servers.a.evict();
  await settle();
  expect(await ask('What is fourth?')).toBe('b');
  await settle();
  await servers.b.evict();
  await settle();
  expect(await ask('What is fifth?')).toBe('a');
});
