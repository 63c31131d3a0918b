import type { Clock, Timer } from '../kernel/index.ts';
import type {
  Decision,
  FlowController,
  ResponseSink,
  StoredHit,
  Usage,
  Workload,
} from '../contract/index.ts';
import { createResponsesStream, responsesFromChat } from '../wire/index.ts';
import { NO_FLOW, frameOf, infoOf } from './answer-frame.ts';

type Json = Readonly<Record<string, unknown>>;

/** Pieces that a paced stream comes in. */
const PIECES_MAX = 200;

/** Gives a stored answer to the client on its surface and in the form that it asked for. It costs nothing. */
export function replayStored(
  { workload, mandate }: Decision,
  hit: StoredHit,
  client: ResponseSink,
  clock: Clock,
): FlowController {
  const { answer } = hit.entry;
  const head: Record<string, string> = {
    'x-bourse-decision-id': workload.id,
    'x-bourse-route': encodeURI(mandate?.route ?? ''),
    'x-bourse-model': encodeURI(answer.model),
    'x-bourse-mode': encodeURI(mandate?.mode ?? ''),
    'x-bourse-cache': hit.similarity === null ? 'hit' : 'semantic',
    'x-bourse-cache-age': String(Math.floor(hit.ageMs / 1000)),
    'x-bourse-charged-usd': '0.000000000000',
  };
  if (hit.similarity !== null) head['x-bourse-cache-similarity'] = hit.similarity.toFixed(4);
  if (!workload.isStream) {
    client.onStart(200, { 'content-type': 'application/json', ...head }, NO_FLOW);
    client.onData(wholeOf(workload, hit));
    client.onEnd();
    return NO_FLOW;
  }
  const stream = { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };
  const isPaced = mandate?.cache?.isPaced === true && answer.totalMs > 0;
  const replay = new StreamReplay(streamOf(workload, hit, isPaced ? PIECES_MAX : 1), client, clock);
  client.onStart(200, { 'content-type': 'text/event-stream', ...head, ...stream }, replay);
  replay.start(isPaced ? answer : null);
  return replay;
}

function wholeOf(workload: Workload, hit: StoredHit): Buffer {
  const { answer } = hit.entry;
  const isCompletion = workload.surface === 'completions';
  const said = isCompletion
    ? { text: answer.text }
    : { message: { role: 'assistant', content: answer.text } };
  const choice = { index: 0, ...said, logprobs: null, finish_reason: answer.finishReason };
  const frame = { ...frameOf(workload), model: answer.model };
  const body = Buffer.from(JSON.stringify({ ...frame, choices: [choice], usage: usageJson(hit) }));
  return workload.surface === 'responses' ? responsesFromChat(body, infoOf(workload)) : body;
}

/** What the answer took when it was made, all of the prompt as cached; and how it came to be served again. */
function usageJson({ entry, similarity, ageMs }: StoredHit): Json {
  const { promptTokens, outputTokens } = entry.answer;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: promptTokens },
    bourse_cache: {
      status: similarity === null ? 'hit' : 'semantic',
      age_seconds: Math.floor(ageMs / 1000),
      ...(similarity !== null && { similarity }),
    },
  };
}

/** The events of a stream, whole, in the order of sending. */
function streamOf(workload: Workload, hit: StoredHit, pieces: number): Buffer[] {
  const { answer } = hit.entry;
  const isCompletion = workload.surface === 'completions';
  const frame = {
    ...frameOf(workload),
    model: answer.model,
    object: isCompletion ? 'text_completion' : 'chat.completion.chunk',
  };
  const chunk = (said: Json, finish: string | null): Json => ({
    ...frame,
    choices: [{ index: 0, ...said, logprobs: null, finish_reason: finish }],
  });
  const events = cut(answer.text, pieces).map((text, i) =>
    isCompletion
      ? chunk({ text }, null)
      : chunk({ delta: i === 0 ? { role: 'assistant', content: text } : { content: text } }, null),
  );
  events.push(chunk(isCompletion ? { text: '' } : { delta: {} }, answer.finishReason));
  if (workload.wantsStreamUsage || workload.surface === 'responses') {
    events.push({ ...frame, choices: [], usage: usageJson(hit) });
  }
  const chunks = events.map((event) => Buffer.from(`data: ${JSON.stringify(event)}\n\n`));
  chunks.push(Buffer.from('data: [DONE]\n\n'));
  return workload.surface === 'responses' ? translated(workload, hit, chunks) : chunks;
}

function translated(workload: Workload, { entry }: StoredHit, chunks: readonly Buffer[]): Buffer[] {
  const translation = createResponsesStream(infoOf(workload));
  const { promptTokens, outputTokens } = entry.answer;
  const usage: Usage = {
    promptTokens,
    cachedTokens: promptTokens,
    outputTokens,
    isEstimated: false,
  };
  const out: Buffer[] = [];
  for (const chunk of chunks) {
    const events = translation.push(chunk);
    if (events !== null) out.push(events);
  }
  const last = translation.end(usage);
  if (last !== null) out.push(last);
  return out;
}

/** At most so many pieces of about one length; none is cut between the halves of a character. */
function cut(text: string, pieces: number): string[] {
  const size = Math.max(1, Math.ceil(text.length / pieces));
  const parts: string[] = [];
  let start = 0;
  while (start < text.length) {
    let end = Math.min(text.length, start + size);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last < 0xdc00) end++;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}

/** Sends the events of a stream, at once or over the time that the answer took; waits while the client does not take them. */
class StreamReplay implements FlowController {
  readonly #chunks: readonly Buffer[];
  readonly #client: ResponseSink;
  readonly #clock: Clock;
  #next = 0;
  #gapMs = 0;
  #timer: Timer | null = null;
  #isPaused = false;
  #isOver = false;

  constructor(chunks: readonly Buffer[], client: ResponseSink, clock: Clock) {
    this.#chunks = chunks;
    this.#client = client;
    this.#clock = clock;
  }

  start(paced: { readonly ttftMs: number | null; readonly totalMs: number } | null): void {
    if (paced === null) return this.#go();
    const ttftMs = paced.ttftMs ?? paced.totalMs / this.#chunks.length;
    this.#gapMs = Math.max(0, paced.totalMs - ttftMs) / this.#chunks.length;
    this.#wait(ttftMs);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#timer === null) this.#go();
  }

  abort(): void {
    this.#isOver = true;
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
  }

  #wait(delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = null;
      this.#go();
    });
  }

  #go(): void {
    const dueMs = this.#clock.monotonicMs();
    let behindMs = 0;
    while (!this.#isOver && !this.#isPaused) {
      if (this.#next === this.#chunks.length) {
        this.#isOver = true;
        this.#client.onEnd();
        return;
      }
      if (!this.#client.onData(this.#chunks[this.#next++]!)) this.#isPaused = true;
      if (this.#gapMs === 0) continue;
      behindMs += this.#gapMs;
      // Several events that are due within a tick go out together.
      const leftMs = behindMs - (this.#clock.monotonicMs() - dueMs);
      if (leftMs >= 5 && !this.#isPaused) return this.#wait(leftMs);
    }
  }
}
