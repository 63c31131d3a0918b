import type { AwardedDecision, RequestBody, Usage } from '../contract/index.ts';
import {
  chatFromResponses,
  createResponsesStream,
  responsesFromChat,
  scanBody,
} from '../wire/index.ts';
import { offeredBody } from './offered-tools.ts';

/** A responses request put to an engine that only speaks chat completions, and the way back. */
export interface Translation {
  /** The request as chat completions. */
  readonly request: RequestBody;
  /** The answer as the responses surface gives it. Throws a fault where it cannot be read. */
  answer(chat: Buffer): Buffer;
  openStream(): StreamTranslation;
}

export interface StreamTranslation {
  push(chunk: Buffer): Buffer | null;
  end(usage: Usage | null): Buffer | null;
}

/** Throws a fault where the request asks for what chat completions do not have. */
export function openTranslation(decision: AwardedDecision): Translation {
  const { workload } = decision;
  const info = {
    id: workload.id,
    createdAtSeconds: Math.floor(workload.receivedAtMs / 1000),
    request: workload.body,
  };
  return {
    request: scanBody(chatFromResponses(offeredBody(decision))),
    answer: (chat) => responsesFromChat(chat, info),
    openStream: () => createResponsesStream(info),
  };
}
