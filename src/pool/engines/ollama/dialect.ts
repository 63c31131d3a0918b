import type { ChatDialect } from '../../../contract/index.ts';
import { fault } from '../../../kernel/index.ts';
import { objectIn } from '../openai-face.ts';
import { finishOf, messageOf, timingsOf, usageOf } from './answer.ts';
import { ollamaRequest } from './request.ts';
import { OllamaStream } from './stream.ts';

export const ollamaDialect: ChatDialect = {
  streamType: 'application/x-ndjson',
  request: (chat, instance) => ({ body: ollamaRequest(chat, instance) }),
  answer(body, info) {
    const answer = objectIn(body.toString());
    if (answer === null || typeof answer['message'] !== 'object') {
      const reason = 'it has no message';
      throw fault('BRS_UPSTREAM_PROTOCOL', { instance: 'of Ollama', reason });
    }
    const said = messageOf(answer['message'], info.id);
    const calls = said.tool_calls?.map(({ index: _place, ...call }) => call);
    const message = { role: 'assistant', ...said, ...(calls && { tool_calls: calls }) };
    return Buffer.from(
      JSON.stringify({
        id: `chatcmpl-${info.id}`,
        object: 'chat.completion',
        created: info.createdAtSeconds,
        model: answer['model'],
        timings: timingsOf(answer),
        choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(answer, said) }],
        usage: usageOf(answer),
      }),
    );
  },
  error: (body) => {
    const message = objectIn(body.toString())?.['error'];
    if (typeof message !== 'string') return body;
    const error = { message, type: 'invalid_request_error', param: null, code: null };
    return Buffer.from(JSON.stringify({ error }));
  },
  openStream: (info) => new OllamaStream(info),
};
