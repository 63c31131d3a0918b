import { boundaryAcross, lastBoundary, readPayloads } from '../sse-lines.ts';
import { isObject } from '../usage.ts';
import { MessageBlocks } from './message-blocks.ts';
import { messageUsage, stopOf, textAt, thoughtAt } from './message-parts.ts';

type Json = Readonly<Record<string, unknown>>;

export interface MessageStreamInfo {
  /** Unique; the message's id is `msg_` and this. */
  readonly id: string;
  readonly model: string;
  /** What the prompt is taken to be until the answer's usage tells, at its end. */
  readonly inputTokens: number;
}

/** Turns a stream of chat completion chunks into the events of the messages surface. */
export class MessageStream {
  readonly #info: MessageStreamInfo;
  readonly #blocks: MessageBlocks;
  #events: string[] = [];
  #held: Buffer = Buffer.alloc(0);
  #hasStarted = false;
  #isOver = false;
  #finishReason: string | null = null;
  #own: unknown = null;
  #usage: Json | null = null;

  constructor(info: MessageStreamInfo) {
    this.#info = info;
    this.#blocks = new MessageBlocks(info.id, (type, fields) => this.#emit(type, fields));
  }

  /** Whether the answer is all there: a stream that ends before has broken. */
  get isComplete(): boolean {
    return this.#isOver || this.#finishReason !== null;
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

  /** The stream has ended. */
  end(): Buffer | null {
    if (!this.#isOver && this.#finishReason !== null) this.#close();
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
    if (payload === '[DONE]') return this.#close();
    let chunk: unknown;
    try {
      chunk = JSON.parse(payload);
    } catch {
      return;
    }
    if (!isObject(chunk)) return;
    this.#start(chunk['model']);
    this.#usage = messageUsage(chunk['usage']) ?? this.#usage;
    const choices = chunk['choices'];
    const choice: unknown = Array.isArray(choices) ? choices[0] : null;
    if (!isObject(choice)) return;
    if (isObject(choice['delta'])) this.#grow(choice['delta']);
    const finish = choice['finish_reason'];
    if (typeof finish === 'string') this.#finishReason = finish;
  }

  #grow(delta: Json): void {
    const blocks = this.#blocks;
    const thought = thoughtAt(delta);
    if (thought !== null) blocks.think(thought);
    const signed = delta['thinking_blocks'];
    if (Array.isArray(signed)) {
      for (const block of signed as readonly unknown[]) if (isObject(block)) blocks.sign(block);
    }
    const text = textAt(delta, 'content') ?? textAt(delta, 'refusal');
    if (text !== null) blocks.say(text);
    const calls = delta['tool_calls'];
    for (const [i, call] of (Array.isArray(calls) ? (calls as readonly unknown[]) : []).entries()) {
      if (isObject(call)) blocks.call(call, i);
    }
    if (isObject(delta['anthropic'])) this.#own = delta['anthropic'];
  }

  #start(model: unknown): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    const { id, inputTokens } = this.#info;
    const message = {
      id: `msg_${id}`,
      type: 'message',
      role: 'assistant',
      model: typeof model === 'string' ? model : this.#info.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: inputTokens, output_tokens: 0 },
    };
    this.#emit('message_start', { message });
  }

  #close(): void {
    this.#isOver = true;
    this.#start(null);
    this.#blocks.finish();
    const delta = stopOf(this.#finishReason, this.#own);
    this.#emit('message_delta', { delta, usage: this.#usage ?? { output_tokens: 0 } });
    this.#emit('message_stop', {});
  }

  #emit(type: string, fields: Json): void {
    this.#events.push(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  }

  #take(): Buffer | null {
    if (this.#events.length === 0) return null;
    const bytes = Buffer.from(this.#events.join(''));
    this.#events = [];
    return bytes;
  }
}
