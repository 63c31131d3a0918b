/**
 * No way around a constraint: over random policies and random worlds of signals, the real director runs
 * each path that a request can take, with an upstream that only records where it is sent. Nobody that a
 * binding constraint bars may be asked, and a refused request may be asked of nobody and answered by
 * nothing. What binds is found by evaluating everything. A new path is one more row of `PATHS`.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createExchange } from '../../src/app.ts';
import type { Beliefs, Registry, Surface, Upstream, World } from '../../src/contract/index.ts';
import { NO_BELIEFS } from '../../src/contract/index.ts';
import { createVirtualClock, createRng, fault } from '../../src/kernel/index.ts';
import type { KeyId, TenantId } from '../../src/kernel/index.ts';
import { createDecisionLog, createHouseBidder } from '../../src/market/index.ts';
import { loadPolicy } from '../../src/policy/index.ts';
import { fleetOf } from '../../src/policy/fixtures/policy.ts';
import {
  boundBy,
  randomPolicies,
  SIGNALS,
  textOf,
} from '../../src/policy/fixtures/random-policy.ts';
import type { RandomPolicy } from '../../src/policy/fixtures/random-policy.ts';
import { SignalWorld } from '../../src/policy/fixtures/signal-world.ts';
import type { Script } from '../../src/policy/fixtures/signal-world.ts';
import { ENGINES } from '../../src/pool/index.ts';

/** Two instances of each model; what `kN` bars has the label of its name. */
const FLEET = `version: 1
models:
  - { id: small, price: { inputPerMTok: 0.05, outputPerMTok: 0.1 }, accuracy: { default: 0.5 } }
  - { id: large, upstreamName: org/large, accuracy: { default: 0.9 } }
  - { id: vectors, kind: embedding }
instances:
  - { id: a, model: small, engine: vllm, url: "http://127.0.0.1:9001", labels: { bar: k0 } }
  - { id: b, model: small, engine: vllm, url: "http://127.0.0.1:9002", labels: { bar: k1 } }
  - { id: c, model: large, engine: openai, apiKey: k, labels: { bar: k2 } }
  - { id: d, model: large, engine: vllm, url: "http://127.0.0.1:9004", labels: { bar: none } }
  - { id: e, model: vectors, engine: vllm, url: "http://127.0.0.1:9005", labels: { bar: k0 } }
  - { id: f, model: vectors, engine: vllm, url: "http://127.0.0.1:9006", labels: { bar: k1 } }
`;

interface Path {
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly surface?: Surface;
  readonly headers?: Readonly<Record<string, string>>;
  /** What every route uses. */
  readonly use?: object;
  /** Dispatches that fail before one succeeds. */
  readonly failures?: number;
  /** Served before, by the same exchange. */
  readonly before?: number;
  /** The first that is asked answers late. */
  readonly isSlow?: true;
  /** How many one request asks, in one case at least. */
  readonly asked?: number;
  /** Whether any request is served on this path, over all cases: else the row proves nothing. */
  readonly isServed?: false;
}

const messages = [{ role: 'user', content: 'hi' }];
const toolLoop = [
  ...messages,
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 't', content: '1' },
];

const PATHS: readonly Path[] = [
  { name: 'the market', body: { model: 'auto', messages } },
  { name: 'the market, streamed', body: { model: 'auto', messages, stream: true } },
  { name: 'a mode', body: { model: 'auto:accuracy', messages } },
  { name: 'a named model', body: { model: 'large', messages } },
  { name: 'a model by its upstream name', body: { model: 'org/large', messages } },
  { name: 'a retry', body: { model: 'auto', messages }, failures: 1 },
  { name: 'a retry of a named model', body: { model: 'small', messages }, failures: 1 },
  {
    name: 'a fallback to the last',
    body: { model: 'auto', messages, stream: true },
    failures: 9,
    isServed: false,
  },
  {
    name: 'a session',
    body: { model: 'auto', messages },
    headers: { 'x-session-id': 's' },
    before: 1,
  },
  { name: 'a tool loop', body: { model: 'auto', messages: toolLoop } },
  { name: 'a route to one model', body: { model: 'auto', messages }, use: { models: ['large'] } },
  { name: 'a fixed answer', body: { model: 'auto', messages }, use: { answer: { text: 'hello' } } },
  { name: 'an order that was learned', body: { model: 'auto', messages }, before: 64 },
  {
    name: 'a cascade',
    body: { model: 'auto', messages },
    use: { cascade: { models: ['small', 'large'], accept: { from: 1 } } },
    asked: 2,
  },
  {
    name: 'a cascade whose first step fails, streamed',
    body: { model: 'auto', messages, stream: true },
    use: { cascade: { models: ['small', 'large'], accept: { from: 1 } } },
    failures: 2,
    asked: 3,
  },
  {
    name: 'a cascade with a check by another model',
    body: { model: 'auto', messages },
    use: {
      cascade: {
        models: ['small', 'large'],
        accept: { by: 'selfCheck', checkedBy: 'large', from: 1 },
      },
    },
    asked: 3,
  },
  {
    name: 'a cascade that the market chooses',
    body: { model: 'auto', messages },
    use: { cascade: {}, mode: 'accuracy' },
  },
  {
    name: 'a hedge',
    body: { model: 'auto', messages, stream: true },
    use: { hedge: { afterMs: 1, maxShare: 1 } },
    isSlow: true,
    asked: 2,
  },
  {
    name: 'a hedge whose both sides fail',
    body: { model: 'auto', messages },
    use: { hedge: { afterMs: 1, maxShare: 1 } },
    isSlow: true,
    failures: 2,
    asked: 3,
  },
  { name: 'embeddings', surface: 'embeddings', body: { model: 'vectors', input: 'hi' } },
  {
    name: 'embeddings of no model',
    surface: 'embeddings',
    body: { model: 'auto', input: 'hi' },
    isServed: false,
  },
];

const ANSWER = Buffer.from(
  JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    model: 'm',
    choices: [
      { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hello' } },
    ],
    data: [{ index: 0, embedding: [1] }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }),
);
const STREAM = Buffer.from(
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'hello' }, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`,
);

/** Fails as often as it is told to, then answers; keeps whom it was sent to. */
class Recorder implements Upstream {
  readonly sentTo: string[] = [];
  failures = 0;
  isSlow = false;
  readonly #pass: () => void;

  /** `pass` lets some time pass. */
  constructor(pass: () => void) {
    this.#pass = pass;
  }

  readonly dispatch: Upstream['dispatch'] = (call, sink) => {
    this.sentTo.push(call.instance.id);
    let isAborted = false;
    const flow = { pause: () => {}, resume: () => {}, abort: () => void (isAborted = true) };
    const isFailing = this.failures-- > 0;
    const { isSlow } = this;
    this.isSlow = false;
    queueMicrotask(() => {
      if (isSlow) this.#pass();
      if (isAborted) return;
      if (isFailing) {
        sink.onError(fault('BRS_UPSTREAM_CONNECT', { instance: call.instance.id, reason: 'test' }));
        return;
      }
      const type = call.isStream ? 'text/event-stream' : 'application/json';
      sink.onStart(200, { 'content-type': type }, flow);
      sink.onData(call.isStream ? STREAM : ANSWER);
      sink.onEnd();
    });
    return flow;
  };
}

/** The director over a policy, without a server, a store or a network. */
class Exchange {
  readonly #clock = createVirtualClock();
  readonly upstream = new Recorder(() => this.#clock.advance(50));
  readonly world = new SignalWorld();
  readonly #route: ReturnType<typeof createExchange>;

  constructor(policy: RandomPolicy, use: object) {
    const registry: Registry = {
      signals: [this.world.signal],
      engines: ENGINES,
      bidders: [createHouseBidder()],
      learners: [],
    };
    const loaded = loadPolicy({
      text: textOf(policy, FLEET, use),
      file: '/policy.yaml',
      env: {},
      generation: 1,
      registry,
      readFile: () => '',
    });
    if (loaded.kind === 'rejected')
      throw new Error(loaded.problems.map((one) => one.message).join());
    const beliefs: Beliefs = NO_BELIEFS;
    const world: World = {
      policy: loaded.policy,
      fleet: fleetOf(loaded.policy),
      beliefs,
      preferences: new Map(),
    };
    this.#route = createExchange({
      keeper: {
        worker: 0,
        world: () => world,
        budgets: { reserve: () => null },
        report: () => {},
        publish: () => {},
      } as never,
      registry,
      decisions: createDecisionLog(4),
      upstream: this.upstream,
      breakers: {
        inFlight: () => 0,
        pendingTokens: () => 0,
        isAvailable: () => true,
        begin: () => 'normal',
        prefill: () => {},
        end: () => {},
      },
      observer: { on: () => {}, stage: () => {} },
      clock: this.#clock,
      rng: createRng(1),
    });
  }

  /** Whether the client got an answer. */
  ask({ body, surface = 'chat', headers = {} }: Path): Promise<boolean> {
    return new Promise((resolve) => {
      let isAnswered = false;
      this.#route.handle(
        {
          id: this.#route.nextId(),
          surface,
          caller: { tenant: 't' as TenantId, key: 'k' as KeyId, roles: [] },
          bytes: Buffer.from(JSON.stringify(body)),
          headers,
          receivedAtMs: 0,
          startedMs: 0,
        },
        {
          onStart: (status) => void (isAnswered = status === 200),
          onData: () => true,
          onEnd: () => resolve(isAnswered),
          onError: () => resolve(false),
        },
      );
    });
  }
}

const BARRED: Readonly<Record<string, string>> = { a: 'k0', b: 'k1', c: 'k2', e: 'k0', f: 'k1' };

const script: fc.Arbitrary<Script> = fc.record({
  fast: fc.constantFrom(true, false, false, null),
  isDoubtful: fc.boolean(),
  deep: fc.constantFrom(true, false, null),
  isThrowing: fc.nat(9).map((n) => n === 0),
  delay: fc.constantFrom(0, 0, 1, 3),
});
const scripts = fc.array(script, { minLength: SIGNALS, maxLength: SIGNALS });
const worlds = fc.array(scripts, { minLength: 4, maxLength: 4 });

describe('no path leads around a constraint', () => {
  test.each(PATHS)(
    '$name',
    async (path) => {
      let served = 0;
      let bound = 0;
      let most = 0;
      await fc.assert(
        fc.asyncProperty(randomPolicies, worlds, async (policy, cases) => {
          const exchange = new Exchange(policy, path.use ?? {});
          for (const one of cases) {
            const truths = exchange.world.enter(one);
            for (let i = 0; i < (path.before ?? 0); i++) await exchange.ask(path);
            exchange.upstream.sentTo.length = 0;
            exchange.upstream.failures = path.failures ?? 0;
            exchange.upstream.isSlow = path.isSlow ?? false;
            const isAnswered = await exchange.ask(path);
            const { names, isRefused } = boundBy(policy, truths);
            const { sentTo } = exchange.upstream;
            most = Math.max(most, sentTo.length);
            expect(sentTo.filter((id) => names.includes(BARRED[id] ?? ''))).toEqual([]);
            if (isRefused)
              expect({ isAnswered, sentTo }).toEqual({ isAnswered: false, sentTo: [] });
            if (isAnswered) served++;
            if (names.length > 0) bound++;
          }
        }),
        { numRuns: 12, seed: 5 },
      );
      expect(bound).toBeGreaterThan(10);
      expect(most).toBeGreaterThanOrEqual(path.asked ?? 0);
      if (path.isServed !== false) expect(served).toBeGreaterThan(10);
      else expect(served).toBe(0);
    },
    60_000,
  );
});
