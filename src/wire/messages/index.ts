/** The messages surface: its requests as chat completions, and chat answers as its own. */
export { chatFromMessages } from './chat-request.ts';
export type { ChatOfMessages } from './chat-request.ts';
export { messageErrorBody, messageErrorEvent, messageErrorOf } from './message-error.ts';
export { messageFromChat } from './message-answer.ts';
export { MessageStream } from './message-stream.ts';
export { MESSAGES_MEMBER, requestedEffort, withoutMarks } from './plain-chat.ts';
