import { fault } from '../kernel/index.ts';
import type { AttemptsResult, Usage } from '../contract/index.ts';
import { usageOf } from '../wire/index.ts';
import { readStatus } from './failure.ts';
import type { PreparedCall } from './prepared-call.ts';
import { NO_USAGE, tokensInAnswer } from './settlement.ts';

/** An answer that is not streamed, as the client gets it. */
export interface WholeAnswer {
  readonly status: AttemptsResult['status'];
  readonly body: Buffer;
  readonly finishReason: string | null;
  /** Null where the upstream does not say. */
  readonly usage: Usage | null;
  /** What stands for its output tokens then. */
  readonly outputTokensSeen: number;
}

/** What says nothing of its end may have lost it: a body without a length is cut without a word. */
function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString());
    return true;
  } catch {
    return false;
  }
}

/** Reads the end and the cost of an answer. One that says what the client did wrong costs nothing and stays as it is. */
export function readAnswer(
  { call, translation }: PreparedCall,
  answer: {
    readonly httpStatus: number;
    readonly body: Buffer;
    readonly ceilingTokens: number | null;
  },
): WholeAnswer {
  const { httpStatus, body, ceilingTokens } = answer;
  if (readStatus(httpStatus) !== 'served') {
    return { status: 'failed', body, finishReason: null, usage: NO_USAGE, outputTokensSeen: 0 };
  }
  const { usage, finishReason } = usageOf(body);
  if (usage === null && finishReason === null && !isJson(body)) {
    const { id: instance } = call.instance;
    throw fault('BRS_UPSTREAM_PROTOCOL', { instance, reason: 'it is not one JSON object' });
  }
  const isEmbedding = call.instance.model.kind === 'embedding';
  return {
    status: 'ok',
    body: translation === null ? body : translation.answer(body),
    finishReason,
    usage,
    outputTokensSeen: isEmbedding ? 0 : tokensInAnswer(body.length, ceilingTokens),
  };
}
