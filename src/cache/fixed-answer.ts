import type {
  CacheHit,
  Decision,
  FlowController,
  LookUp,
  ResponseSink,
  Workload,
} from '../contract/index.ts';
import { createResponsesStream, responsesFromChat } from '../wire/index.ts';

const NO_FLOW: FlowController = { pause: () => {}, resume: () => {}, abort: () => {} };
const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

type Json = Readonly<Record<string, unknown>>;

/** The answer that the route itself gives, on the client's surface but for one: responses are made of chat. */
export const lookUpFixed: LookUp = (workload, { answer }): CacheHit | null => {
  if (answer === null || workload.surface === 'embeddings') return null;
  const frame = frameOf(workload);
  const choice =
    workload.surface === 'completions'
      ? { index: 0, text: answer, logprobs: null, finish_reason: 'stop' }
      : {
          index: 0,
          message: { role: 'assistant', content: answer },
          logprobs: null,
          finish_reason: 'stop',
        };
  const body = JSON.stringify({ ...frame, choices: [choice], usage: NO_USAGE });
  return { kind: 'cache-hit', body: Buffer.from(body) };
};

/** Gives a fixed answer to the client: as one body, or as the stream that it asked for. Costs nothing. */
export function replayFixed(
  { workload, mandate }: Decision,
  hit: CacheHit,
  client: ResponseSink,
): FlowController {
  const head = {
    'x-bourse-decision-id': workload.id,
    'x-bourse-route': mandate?.route ?? '',
    'x-bourse-mode': mandate?.mode ?? '',
  };
  if (workload.isStream) {
    client.onStart(
      200,
      {
        'content-type': 'text/event-stream',
        ...head,
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
      },
      NO_FLOW,
    );
    client.onData(streamOf(workload, mandate?.answer ?? ''));
  } else {
    const charged = { 'x-bourse-charged-usd': '0.000000000000' };
    client.onStart(200, { 'content-type': 'application/json', ...head, ...charged }, NO_FLOW);
    client.onData(
      workload.surface === 'responses' ? responsesFromChat(hit.body, infoOf(workload)) : hit.body,
    );
  }
  client.onEnd();
  return NO_FLOW;
}

function streamOf(workload: Workload, text: string): Buffer {
  const isCompletion = workload.surface === 'completions';
  const frame = {
    ...frameOf(workload),
    object: isCompletion ? 'text_completion' : 'chat.completion.chunk',
  };
  const chunk = (piece: Json, finish: string | null): Json => ({
    ...frame,
    choices: [{ index: 0, ...piece, logprobs: null, finish_reason: finish }],
  });
  const events: Json[] = isCompletion
    ? [chunk({ text }, null), chunk({ text: '' }, 'stop')]
    : [chunk({ delta: { role: 'assistant', content: text } }, null), chunk({ delta: {} }, 'stop')];
  if (workload.wantsStreamUsage) events.push({ ...frame, choices: [], usage: NO_USAGE });
  const lines = events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
  const bytes = Buffer.from(`${lines.join('')}data: [DONE]\n\n`);
  if (workload.surface !== 'responses') return bytes;
  const translation = createResponsesStream(infoOf(workload));
  const usage = { promptTokens: 0, cachedTokens: 0, outputTokens: 0, isEstimated: false };
  const parts = [translation.push(bytes), translation.end(usage)];
  return Buffer.concat(parts.filter((part) => part !== null));
}

function frameOf(workload: Workload): Json {
  const isCompletion = workload.surface === 'completions';
  return {
    id: `${isCompletion ? 'cmpl' : 'chatcmpl'}-${workload.id}`,
    object: isCompletion ? 'text_completion' : 'chat.completion',
    created: Math.floor(workload.receivedAtMs / 1000),
    model: workload.requestedModel,
  };
}

const infoOf = (workload: Workload) => ({
  id: workload.id,
  createdAtSeconds: Math.floor(workload.receivedAtMs / 1000),
  request: workload.body,
});
