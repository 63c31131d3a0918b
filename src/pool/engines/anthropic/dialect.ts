import type { ChatDialect } from '../../../contract/index.ts';
import { MESSAGES_MEMBER } from '../../../wire/index.ts';
import { chatAnswer, chatError } from './answer.ts';
import { messagesRequest } from './request.ts';
import { AnthropicStream } from './stream.ts';

export const anthropicDialect: ChatDialect = {
  member: MESSAGES_MEMBER,
  streamType: 'text/event-stream',
  request: messagesRequest,
  answer: chatAnswer,
  error: chatError,
  openStream: (info) => new AnthropicStream(info),
};
