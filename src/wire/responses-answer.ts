import { fault } from '../kernel/index.ts';
import { addMessage } from './chat-message.ts';
import { readString } from './read-field.ts';
import { createResponseFrame, endFields, endOfFinish, responseUsage } from './responses-object.ts';
import type { ResponseInfo } from './responses-object.ts';
import { ResponsesOutput } from './responses-output.ts';
import { isObject, readUsage } from './usage.ts';

/** A chat answer as the responses surface gives it. Throws `BRS_UPSTREAM_PROTOCOL` where it is no chat answer. */
export function responsesFromChat(chat: Buffer, info: ResponseInfo): Buffer {
  const answer = parseAnswer(chat);
  const choices = isObject(answer) ? answer['choices'] : null;
  const choice: unknown = Array.isArray(choices) ? choices[0] : null;
  if (!isObject(answer) || !isObject(choice) || !isObject(choice['message'])) {
    throw fault('BRS_UPSTREAM_PROTOCOL', {
      instance: 'of the chat surface',
      reason: 'it has no choices[0].message',
    });
  }
  const output = new ResponsesOutput(info.id, () => {});
  addMessage(output, choice['message']);
  const finish = choice['finish_reason'];
  const end = endOfFinish(typeof finish === 'string' ? finish : null);
  const model = answer['model'];
  const response = createResponseFrame(info)(
    typeof model === 'string' ? model : (readString(info.request, 'model') ?? ''),
    {
      ...endFields(end),
      output: output.finish(end.status),
      usage: responseUsage(readUsage(answer['usage']), answer['usage']),
    },
  );
  return Buffer.from(JSON.stringify(response));
}

function parseAnswer(chat: Buffer): unknown {
  try {
    return JSON.parse(chat.toString());
  } catch {
    return null;
  }
}
