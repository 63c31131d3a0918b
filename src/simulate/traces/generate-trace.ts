import { createRng, fault } from '../../kernel/index.ts';
import type { Rng } from '../../kernel/index.ts';
import type { Client, ClientMix, Length } from './client-mix.ts';
import { TRACE_BLOCK_TOKENS } from './trace.ts';
import type { Trace, TraceRequest } from './trace.ts';

const REQUESTS_MAX = 5_000_000;

/**
 * A trace from a mix of clients, as ServeGen describes production (arXiv 2505.09999): each client has a rate, gaps of its own
 * burstiness and lengths of its own, and what the fleet sees is their sum. The same mix is the same trace.
 */
export function generateTrace(mix: ClientMix, name: string): Trace {
  const blocks = new BlockIds();
  const all: TraceRequest[] = [];
  mix.clients.forEach((client, i) => {
    const rng = createRng(mix.seed * 7919 + i);
    const system = blocks.take(Math.floor(client.systemTokens / TRACE_BLOCK_TOKENS));
    for (const atMs of arrivals(client, mix, rng)) {
      if (all.length > REQUESTS_MAX) {
        throw fault('BRS_CONFIG', { report: `${name}: more than ${REQUESTS_MAX} requests` });
      }
      all.push(
        ...sessionOf(client, { atMs, contextTokens: mix.contextTokens, system }, rng, blocks),
      );
    }
  });
  if (all.length < 2) {
    throw fault('BRS_CONFIG', { report: `${name}: a trace has two requests at least` });
  }
  all.sort((a, b) => a.atMs - b.atMs);
  const startMs = all[0]!.atMs;
  return { name, requests: all.map((request) => ({ ...request, atMs: request.atMs - startMs })) };
}

function* arrivals(
  { perSecond, arrivals: { process, cv } }: Client,
  { seconds, diurnal }: ClientMix,
  rng: Rng,
): Generator<number> {
  const meanMs = 1000 / perSecond;
  const shape = process === 'weibull' ? weibullShape(cv) : 1 / (cv * cv);
  // The first gap is cut at random: clients do not begin together.
  let atMs = 0;
  let share = rng.next();
  for (;;) {
    const gap =
      process === 'weibull'
        ? (-Math.log(1 - rng.next())) ** (1 / shape) / gamma(1 + 1 / shape)
        : gammaValue(shape, rng) / shape;
    const swing =
      diurnal === undefined
        ? 1
        : 1 + diurnal.amplitude * Math.sin((2 * Math.PI * atMs) / 1000 / diurnal.periodSeconds);
    atMs += (share * gap * meanMs) / swing;
    share = 1;
    if (atMs >= seconds * 1000) return;
    yield atMs;
  }
}

interface Opening {
  readonly atMs: number;
  readonly contextTokens: number;
  /** Blocks that all of the client share. */
  readonly system: readonly number[];
}

/** The turns of a session, or one request; a context that is full ends it. */
function sessionOf(
  client: Client,
  { atMs, contextTokens, system }: Opening,
  rng: Rng,
  blocks: BlockIds,
): TraceRequest[] {
  const { session, systemTokens } = client;
  const turns = session === undefined ? 1 : geometric(session.turns, rng);
  const id = blocks.next;
  const own: number[] = [...system];
  const requests: TraceRequest[] = [];
  let tokens = systemTokens;
  let dueMs = atMs;
  for (let turn = 0; turn < turns; turn++) {
    const outputTokens = lengthOf(client.output, rng);
    tokens += lengthOf(client.prompt, rng);
    if (tokens + outputTokens > contextTokens) {
      if (turn > 0) break;
      tokens = Math.max(1, contextTokens - outputTokens);
    }
    own.push(...blocks.take(Math.ceil(tokens / TRACE_BLOCK_TOKENS) - own.length));
    const thinkMs =
      session === undefined ? 0 : -Math.log(1 - rng.next()) * session.thinkSeconds * 1000;
    if (turn > 0) dueMs += thinkMs;
    const request = { atMs: dueMs, promptTokens: tokens, outputTokens, blocks: [...own] };
    requests.push(turn === 0 && turns === 1 ? request : { ...request, session: { id, thinkMs } });
    tokens += outputTokens;
  }
  return requests;
}

class BlockIds {
  next = 0;

  take(count: number): number[] {
    return Array.from({ length: Math.max(0, count) }, () => this.next++);
  }
}

function lengthOf(length: Length, rng: Rng): number {
  const tokens =
    'median' in length
      ? length.median * Math.exp(length.sigma * normal(rng))
      : length.least * (1 - rng.next()) ** (-1 / length.tail);
  return Math.min(1e6, Math.max(1, Math.round(tokens)));
}

/** At least one, with this mean. */
function geometric(mean: number, rng: Rng): number {
  if (mean <= 1) return 1;
  return 1 + Math.floor(Math.log(1 - rng.next()) / Math.log(1 - 1 / mean));
}

/** Standard normal (Box and Muller 1958). */
function normal(rng: Rng): number {
  const radius = Math.sqrt(-2 * Math.log(1 - rng.next()));
  return radius * Math.cos(2 * Math.PI * rng.next());
}

/** Gamma with scale 1 (Marsaglia and Tsang 2000). */
function gammaValue(shape: number, rng: Rng): number {
  if (shape < 1) return gammaValue(shape + 1, rng) * (1 - rng.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(rng);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - rng.next()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Of the Weibull distribution with this deviation over mean, by halving: the ratio falls as the shape grows. */
function weibullShape(cv: number): number {
  let low = 0.1;
  let high = 20;
  for (let i = 0; i < 60; i++) {
    const shape = (low + high) / 2;
    const ratio = Math.sqrt(gamma(1 + 2 / shape) / gamma(1 + 1 / shape) ** 2 - 1);
    if (ratio > cv) low = shape;
    else high = shape;
  }
  return (low + high) / 2;
}

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** Of a number of at least 1 (Lanczos 1964, g = 7). */
function gamma(x: number): number {
  const z = x - 1;
  let sum = 0.9999999999998099;
  for (let i = 0; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (z + i + 1);
  const t = z + LANCZOS.length - 0.5;
  return Math.sqrt(2 * Math.PI) * t ** (z + 0.5) * Math.exp(-t) * sum;
}
