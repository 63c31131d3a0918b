/**
 * Wire: bytes of requests and answers.
 *
 * In: a request's bytes, an answer's bytes or its chunks. Out: where things stand in them (spans,
 * never copies), new bytes with members exchanged, the usage and the end of an answer, error bodies,
 * and the translation between the responses and the chat surface.
 *
 * Never: re-serialises what it was not asked to change, trusts a body's structure before it was
 * scanned, keeps anything between two requests, or does I/O.
 */
export { scanBody } from './scan-body.ts';
export { parseField, readBoolean, readNumber, readString } from './read-field.ts';
export { BodyEdits } from './body-edits.ts';
export {
  calledTools,
  chosenTools,
  cutTools,
  declaredTools,
  shownToolName,
} from './declared-tools.ts';
export type { DeclaredTool } from './declared-tools.ts';
export { AnswerReader } from './answer-reader.ts';
export type { AnswerCall } from './answer-reader.ts';
export { hasShape } from './json-shape.ts';
export { SELF_CHECK_QUESTION, readSelfCheck, selfCheckBody } from './self-check.ts';
export { readWholePart, spliceAnswers } from './answer-splice.ts';
export { addBegunAnswer, handedBack } from './begun-answer.ts';
export { isPlainAnswer, overrunOf } from './overrun.ts';
export type { Overrun } from './overrun.ts';
export { reasoningChanges, thinkingTokens } from './reasoning.ts';
export type { FieldChange } from './reasoning.ts';
export { SALT_MEMBER, prefixSaltOf } from './prefix-salt.ts';
export { systemPromptEdit } from './system-prompt.ts';
export { usageOf } from './usage-of.ts';
export { createSseTap } from './sse-tap.ts';
export { StreamSplice } from './stream-splice.ts';
export { errorBody, errorEvent } from './error-body.ts';
export { chatFromResponses } from './responses-request.ts';
export { responsesFromChat } from './responses-answer.ts';
export { createResponsesStream } from './responses-stream.ts';
export { decodeString, parseSpan, wrongType } from './read-field.ts';
export {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  LOWER_N,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfKey,
  endOfValue,
  firstItem,
  isWord,
  nextItem,
  startOfValue,
} from './json-text.ts';
export type { JsonText } from './json-text.ts';
export { boundaryAcross, isData, lastBoundary, lineEnd, skipLineEnd } from './sse-lines.ts';
export { ResponsesOutput } from './responses-output.ts';
export { isObject } from './usage.ts';
export {
  MESSAGES_MEMBER,
  MessageStream,
  chatFromMessages,
  messageErrorBody,
  messageErrorEvent,
  messageErrorOf,
  messageFromChat,
  requestedEffort,
  withoutMarks,
} from './messages/index.ts';
export { readRetryAfter } from './retry-after.ts';
