import { createAttempts } from '../../src/attempts/index.ts';
import type { AwardedDecision, HedgePlan, ResponseSink } from '../../src/contract/index.ts';
import { NO_TELEMETRY } from '../../src/contract/index.ts';
import { createRng, createVirtualClock } from '../../src/kernel/index.ts';
import type { InstanceId, Rng, VirtualClock } from '../../src/kernel/index.ts';
import { ENGINES } from '../../src/pool/index.ts';
import { scanBody } from '../../src/wire/index.ts';

const INSTANCES = 8;
const SLOTS = 8;
const FIRST_TOKEN_MS = 150;
const DECODE_MS = 1_200;
/** How often a request meets a stall (preemption, a long prompt of another, a pause), and how long it is on average. */
const STALL_SHARE = 0.02;
const STALL_MS = 1_500;

export interface HedgeFigures {
  readonly load: number;
  readonly hedged: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Work of all instances over that without a hedge. */
  readonly work: number;
}

/** One server: `SLOTS` at once, the rest in the order of arrival. A request that is given up leaves at once. */
class Server {
  inFlight = 0;
  busyMs = 0;
  readonly #waiting: Job[] = [];
  readonly #clock: VirtualClock;
  #running = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  add(job: Job): void {
    this.#waiting.push(job);
    this.#start();
  }

  #start(): void {
    while (this.#running < SLOTS && this.#waiting.length > 0) {
      const job = this.#waiting.shift()!;
      if (job.isAborted) continue;
      this.#running++;
      const began = this.#clock.monotonicMs();
      const leave = (): void => {
        if (job.hasLeft) return;
        job.hasLeft = true;
        this.busyMs += this.#clock.monotonicMs() - began;
        this.#running--;
        this.#start();
      };
      job.onAbort = leave;
      this.#clock.after(job.firstMs, () => {
        if (job.isAborted) return;
        job.first();
        this.#clock.after(job.restMs, () => {
          if (!job.isAborted) job.last();
          leave();
        });
      });
    }
  }
}

interface Job {
  readonly firstMs: number;
  readonly restMs: number;
  isAborted: boolean;
  hasLeft: boolean;
  onAbort: () => void;
  first(): void;
  last(): void;
}

const TOKEN = Buffer.from(
  'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n',
);
const END = Buffer.from(
  'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
);
const BODY = scanBody(Buffer.from('{"model":"m","stream":true,"messages":[]}'));

/**
 * The production hedge over queues in virtual time: Poisson arrivals, log-normal service, and now and then
 * a stall that the placement could not see. Requests go to the least loaded of two drawn at random.
 */
export function measureHedge(
  load: number,
  hedge: HedgePlan | null,
  { requests, seed }: { readonly requests: number; readonly seed: number },
): HedgeFigures {
  const clock = createVirtualClock();
  const rng = createRng(seed);
  const servers = Array.from({ length: INSTANCES }, () => new Server(clock));
  const ids = servers.map((_, i) => `i${i}` as InstanceId);
  const serverOf = (id: InstanceId): Server => servers[ids.indexOf(id)]!;
  let hedged = 0;
  const run = createAttempts({
    engines: ENGINES,
    clock,
    onEvent: ({ kind }) => void (kind === 'hedged' && hedged++),
    upstream: { dispatch: (call, sink) => dispatch(serverOf(call.instance.id), sink, rng) },
    breakers: {
      inFlight: (id) => serverOf(id).inFlight,
      pendingTokens: () => 0,
      isAvailable: () => true,
      begin: (id) => {
        serverOf(id).inFlight++;
        return 'normal';
      },
      prefill: () => {},
      end: (id) => void serverOf(id).inFlight--,
    },
  });
  const instances = ids.map((id) => instanceOf(id));
  const firstTokens: number[] = [];
  const meanMs = FIRST_TOKEN_MS * 1.08 + DECODE_MS * 1.13 + STALL_SHARE * STALL_MS;
  const gapMs = meanMs / (INSTANCES * SLOTS * load);
  for (let i = 0; i < requests; i++) {
    clock.advance(-Math.log(1 - rng.next()) * gapMs);
    const order = placesOf(servers, rng);
    const startedMs = clock.monotonicMs();
    const sink = {
      onStart: () => void firstTokens.push(clock.monotonicMs() - startedMs),
      onData: () => true,
      onEnd: () => {},
      onError: (error: Error) => {
        throw error;
      },
    };
    run(
      decisionOf(
        order.map((n) => instances[n]!),
        hedge,
        startedMs,
      ),
      null,
      sink,
      () => {},
    );
  }
  clock.advance(600_000);
  firstTokens.sort((x, y) => x - y);
  const quantile = (q: number): number => firstTokens[Math.floor(q * (firstTokens.length - 1))]!;
  return {
    load,
    hedged: hedged / requests,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
    work: servers.reduce((sum, server) => sum + server.busyMs, 0),
  };
}

/** The less loaded of two drawn at random, the other one, and a third. */
function placesOf(servers: readonly Server[], rng: Rng): readonly number[] {
  const [a, b] = [Math.floor(rng.next() * INSTANCES), Math.floor(rng.next() * INSTANCES)];
  const [first, second] = servers[a]!.inFlight <= servers[b]!.inFlight ? [a, b] : [b, a];
  const ranked = [first, ...(first === second ? [] : [second])];
  const others = [...servers.keys()].filter((n) => !ranked.includes(n));
  return [...ranked, ...others].slice(0, 3);
}

function dispatch(server: Server, sink: ResponseSink, rng: Rng) {
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
  const stallMs = rng.next() < STALL_SHARE ? -Math.log(1 - rng.next()) * STALL_MS : 0;
  const job: Job = {
    firstMs: FIRST_TOKEN_MS * Math.exp(0.4 * normal()) + stallMs,
    restMs: DECODE_MS * Math.exp(0.5 * normal()),
    isAborted: false,
    hasLeft: false,
    onAbort: () => {},
    first: () => {
      sink.onStart(200, { 'content-type': 'text/event-stream' }, flow);
      sink.onData(TOKEN);
    },
    last: () => {
      sink.onData(END);
      sink.onEnd();
    },
  };
  const flow = {
    pause: () => {},
    resume: () => {},
    abort: () => {
      job.isAborted = true;
      job.onAbort();
    },
  };
  server.add(job);
  return flow;
}

const estimate = (mean: number, deviation: number) => ({ mean, deviation });

function instanceOf(id: InstanceId) {
  return {
    id,
    model: { id: 'm', kind: 'chat', upstreamName: 'm', price: null, power: null, reasoning: null },
    engine: 'vllm',
    url: 'http://x',
    apiKey: null,
    labels: new Map(),
    maxRunning: SLOTS,
    source: 'config',
  };
}

function decisionOf(
  instances: readonly ReturnType<typeof instanceOf>[],
  hedge: HedgePlan | null,
  startedMs: number,
): AwardedDecision {
  const ranked = instances.map((instance) => ({
    instance,
    costUsd: null,
    waitMs: 0,
    ttftMs: estimate(FIRST_TOKEN_MS * 1.08, FIRST_TOKEN_MS * 0.45),
    latencyMs: estimate(FIRST_TOKEN_MS + DECODE_MS, 700),
    accuracy: null,
    energyJoules: null,
    promptTokens: 10,
    cachedTokens: 0,
    outputTokens: estimate(40, 20),
    terms: {},
  }));
  const attempts = {
    max: 3,
    connectTimeoutMs: 1e6,
    firstTokenTimeoutMs: 1e6,
    idleTimeoutMs: 1e6,
    totalTimeoutMs: 1e7,
  };
  const injection = { systemPrompt: null, reasoning: null, maxOutputTokens: null, fields: [] };
  const workload = {
    id: 'd',
    surface: 'chat',
    body: BODY,
    requestedModel: 'm',
    isStream: true,
    wantsStreamUsage: false,
    outputCeilingTokens: null,
    choices: 1,
    promptTokensBound: 100,
    startedMs,
    receivedAtMs: 0,
  };
  return {
    workload,
    mandate: {
      route: 'r',
      mode: 'm',
      injection,
      tools: null,
      attempts,
      ...(hedge === null ? {} : { hedge }),
    },
    fleet: {
      generation: 1,
      states: instances.map((instance) => ({ instance, telemetry: NO_TELEMETRY, features: {} })),
    },
    result: { kind: 'award', ranked, excluded: [], clearingScore: null, propensity: 1 },
  } as unknown as AwardedDecision;
}
