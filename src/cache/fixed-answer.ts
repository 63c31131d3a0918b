import type {
  Decision,
  FixedAnswer,
  FixedHit,
  FlowController,
  Mandate,
  ResponseSink,
  Workload,
} from '../contract/index.ts';
import { createResponsesStream, responsesFromChat } from '../wire/index.ts';
import { NO_FLOW, frameOf, infoOf } from './answer-frame.ts';

const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
/** The most answers of one request; the chat surface allows no more. */
const CHOICES_MAX = 128;

type Json = Readonly<Record<string, unknown>>;

/** The answer that the route itself gives, on the client's surface but for one: responses are made of chat. */
export const lookUpFixed = (workload: Workload, { answer }: Mandate): FixedHit | null => {
  if (answer === null || workload.surface === 'embeddings') return null;
  const choices = everyChoice(workload, (index) => ({
    index,
    ...(workload.surface === 'completions'
      ? { text: answer.text }
      : { message: { role: 'assistant', ...said(answer) } }),
    logprobs: null,
    finish_reason: 'stop',
  }));
  const body = JSON.stringify({ ...frameOf(workload), choices, usage: NO_USAGE });
  return { kind: 'cache-hit', body: Buffer.from(body) };
};

/** Gives a fixed answer to the client: as one body, or as the stream that it asked for. Costs nothing. */
export function replayFixed(
  { workload, mandate }: Decision,
  hit: FixedHit,
  client: ResponseSink,
): FlowController {
  const head = {
    'x-bourse-decision-id': workload.id,
    'x-bourse-route': mandate?.route ?? '',
    'x-bourse-mode': mandate?.mode ?? '',
  };
  const answer = mandate?.answer ?? null;
  if (workload.isStream && answer !== null) {
    const stream = { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };
    client.onStart(200, { 'content-type': 'text/event-stream', ...head, ...stream }, NO_FLOW);
    client.onData(streamOf(workload, answer));
  } else {
    const charged = { 'x-bourse-charged-usd': '0.000000000000' };
    client.onStart(200, { 'content-type': 'application/json', ...head, ...charged }, NO_FLOW);
    const isResponse = workload.surface === 'responses';
    const body = isResponse ? responsesFromChat(hit.body, infoOf(workload)) : hit.body;
    client.onData(isResponse && answer !== null ? withSource(body, answer) : body);
  }
  client.onEnd();
  return NO_FLOW;
}

/** What a message, or the delta of one, says. A refusal has its own place; an address is a source. */
function said({ kind, text, url }: FixedAnswer): Json {
  if (kind === 'refusal') return { content: null, refusal: text };
  if (url === null) return { content: text };
  const source = sourceOf(text, url);
  return { content: text, annotations: [{ type: 'url_citation', url_citation: source }] };
}

/** The address stands at the end of the text. */
const sourceOf = (text: string, url: string) => ({
  start_index: text.length - url.length,
  end_index: text.length,
  title: url,
  url,
});

/** A response with the address of its text marked as a source. */
function withSource(response: Buffer, { text, url }: FixedAnswer): Buffer {
  if (url === null) return response;
  const { output, ...frame } = JSON.parse(response.toString()) as { readonly output: Json[] };
  const annotations = [{ type: 'url_citation', ...sourceOf(text, url) }];
  const marked = output.map((item) => ({
    ...item,
    content: (item['content'] as readonly Json[]).map((part) => ({ ...part, annotations })),
  }));
  return Buffer.from(JSON.stringify({ ...frame, output: marked }));
}

function everyChoice<T>({ surface, choices }: Workload, make: (index: number) => T): T[] {
  const count = surface === 'responses' ? 1 : Math.min(choices, CHOICES_MAX);
  return Array.from({ length: count }, (_, index) => make(index));
}

function streamOf(workload: Workload, answer: FixedAnswer): Buffer {
  const isCompletion = workload.surface === 'completions';
  const frame = {
    ...frameOf(workload),
    object: isCompletion ? 'text_completion' : 'chat.completion.chunk',
  };
  const chunk = (index: number, piece: Json, finish: string | null): Json => ({
    ...frame,
    choices: [{ index, ...piece, logprobs: null, finish_reason: finish }],
  });
  const events: Json[] = everyChoice(workload, (index) =>
    isCompletion
      ? [chunk(index, { text: answer.text }, null), chunk(index, { text: '' }, 'stop')]
      : [
          chunk(index, { delta: { role: 'assistant', ...said(answer) } }, null),
          chunk(index, { delta: {} }, 'stop'),
        ],
  ).flat();
  if (workload.wantsStreamUsage) events.push({ ...frame, choices: [], usage: NO_USAGE });
  const lines = events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
  const bytes = Buffer.from(`${lines.join('')}data: [DONE]\n\n`);
  if (workload.surface !== 'responses') return bytes;
  const translation = createResponsesStream(infoOf(workload));
  const usage = { promptTokens: 0, cachedTokens: 0, outputTokens: 0, isEstimated: false };
  const parts = [translation.push(bytes), translation.end(usage)];
  return Buffer.concat(parts.filter((part) => part !== null));
}
