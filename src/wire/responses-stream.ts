import type { Usage } from '../contract/index.ts';
import { addMessage } from './chat-message.ts';
import { readString } from './read-field.ts';
import { createResponseFrame, endFields, endOfFinish, responseUsage } from './responses-object.ts';
import type { ResponseEnd, ResponseInfo } from './responses-object.ts';
import { ResponsesOutput } from './responses-output.ts';
import { boundaryAcross, lastBoundary, readPayloads } from './sse-lines.ts';
import { isObject, readUsage } from './usage.ts';

type Json = Readonly<Record<string, unknown>>;

export interface ResponsesStream {
  /** Events for the client; null: nothing yet. */
  push(chunk: Buffer): Buffer | null;
  /**
   * The chat stream has ended. `usage` stands in where the stream did not tell. A stream that ended
   * before its answer did ends in `response.failed`.
   */
  end(usage?: Usage | null): Buffer | null;
}

/** Turns a stream of chat completion chunks into the events of the responses surface. */
export function createResponsesStream(info: ResponseInfo): ResponsesStream {
  return new Translator(info);
}

class Translator implements ResponsesStream {
  readonly #output: ResponsesOutput;
  readonly #frame: (model: string, parts: Json) => Json;
  #model: string;
  #events: string[] = [];
  #sequence = 0;
  #held: Buffer = Buffer.alloc(0);
  #hasStarted = false;
  #isOver = false;
  #finishReason: string | null = null;
  #usage: Usage | null = null;
  /** The usage as the chat stream had it. */
  #told: unknown = undefined;

  constructor(info: ResponseInfo) {
    this.#output = new ResponsesOutput(info.id, (type, fields) => this.#emit(type, fields));
    this.#frame = createResponseFrame(info);
    this.#model = readString(info.request, 'model') ?? '';
  }

  push(chunk: Buffer): Buffer | null {
    let end = lastBoundary(chunk);
    if (end === 0 && this.#held.length > 0) end = boundaryAcross(this.#held, chunk);
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (end > 0) end += this.#held.length;
    this.#held = bytes.subarray(end);
    this.#read(bytes, end);
    return this.#take();
  }

  end(usage: Usage | null = null): Buffer | null {
    this.#usage ??= usage;
    if (!this.#isOver) this.#close();
    return this.#take();
  }

  #read(bytes: Buffer, end: number): void {
    if (this.#isOver) return;
    readPayloads(bytes, end, (payload) => {
      this.#readPayload(payload);
      return this.#isOver ? 'enough' : 'more';
    });
  }

  #readPayload(payload: string): void {
    if (payload === '[DONE]') {
      this.#close();
      return;
    }
    let chunk: unknown;
    try {
      chunk = JSON.parse(payload);
    } catch {
      return;
    }
    if (!isObject(chunk)) return;
    if (typeof chunk['model'] === 'string') this.#model = chunk['model'];
    this.#start();
    const usage = readUsage(chunk['usage']);
    if (usage !== null) {
      this.#usage = usage;
      this.#told = chunk['usage'];
    }
    const choices = chunk['choices'];
    const choice: unknown = Array.isArray(choices) ? choices[0] : null;
    if (!isObject(choice)) return;
    if (isObject(choice['delta'])) addMessage(this.#output, choice['delta']);
    const finish = choice['finish_reason'];
    if (typeof finish === 'string') this.#finishReason = finish;
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    const response = this.#response({ status: 'in_progress' }, []);
    this.#emit('response.created', { response });
    this.#emit('response.in_progress', { response });
  }

  #close(): void {
    this.#isOver = true;
    this.#start();
    if (this.#finishReason === null) {
      const error = {
        code: 'server_error',
        message: 'The answer broke off before it was complete.',
      };
      const response = this.#response(
        { status: 'failed', error },
        this.#output.finish('incomplete'),
      );
      this.#emit('response.failed', { response });
      return;
    }
    const end = endOfFinish(this.#finishReason);
    const response = this.#response(end, this.#output.finish(end.status));
    this.#emit(`response.${end.status}`, { response });
  }

  #response(end: ResponseEnd, output: readonly Json[]): Json {
    const usage = responseUsage(this.#usage, this.#told);
    return this.#frame(this.#model, { ...endFields(end), output, usage });
  }

  #emit(type: string, fields: Json): void {
    const event = JSON.stringify({ type, sequence_number: this.#sequence++, ...fields });
    this.#events.push(`event: ${type}\ndata: ${event}\n\n`);
  }

  #take(): Buffer | null {
    if (this.#events.length === 0) return null;
    const bytes = Buffer.from(this.#events.join(''));
    this.#events = [];
    return bytes;
  }
}
