import type { AnswerInfo, DialectStream } from '../../../contract/index.ts';
import { boundaryAcross, isData, lastBoundary, lineEnd, skipLineEnd } from '../../../wire/index.ts';
import { objectIn } from '../openai-face.ts';
import { endOf, finishOf, usageOf } from './answer.ts';
import { isObject, textOf } from './json.ts';
import type { Json } from './json.ts';

/** The most of an unfinished event that is held. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;

/** The block that grows. */
interface OpenBlock {
  readonly kind: string;
  /** Of a call: its place among the calls. */
  readonly call: number;
  thinking: string;
  signature: string;
  hasArguments: boolean;
  readonly block: Json;
}

/** Events of a streamed message as those of the chat surface. */
export class AnthropicStream implements DialectStream {
  readonly #info: AnswerInfo;
  readonly #blocks = new Map<unknown, OpenBlock>();
  #out = '';
  #held: Buffer = Buffer.alloc(0);
  #message: Json = {};
  #usage: Json = {};
  #calls = 0;
  #isOver = false;

  constructor(info: AnswerInfo) {
    this.#info = info;
  }

  push(chunk: Buffer): Buffer | null {
    if (this.#isOver) return null;
    let end = lastBoundary(chunk);
    if (end === 0 && this.#held.length > 0) end = boundaryAcross(this.#held, chunk);
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (end > 0) end += this.#held.length;
    this.#held = bytes.subarray(end);
    this.#read(bytes, end);
    if (this.#held.length > HELD_BYTES_MAX) this.#fail('an event is too large', 'api_error');
    return this.#take();
  }

  end(): Buffer | null {
    const rest = Buffer.concat([this.#held, Buffer.from('\n\n')]);
    this.#held = Buffer.alloc(0);
    this.#read(rest, rest.length);
    return this.#take();
  }

  #read(bytes: Buffer, end: number): void {
    let at = 0;
    while (at < end && !this.#isOver) {
      const stop = lineEnd(bytes, at, end);
      if (isData(bytes, at)) {
        const event = objectIn(bytes.toString('utf8', at + 5, stop));
        if (event !== null) this.#event(event);
      }
      at = skipLineEnd(bytes, stop, end);
    }
  }

  #event(event: Json): void {
    switch (event['type']) {
      case 'message_start':
        return this.#start(event['message']);
      case 'content_block_start':
        return this.#open(event['index'], event['content_block']);
      case 'content_block_delta':
        return this.#grow(event['index'], event['delta']);
      case 'content_block_stop':
        return this.#close(event['index']);
      case 'message_delta':
        return this.#finish(event);
      case 'message_stop':
        this.#isOver = true;
        this.#out += 'data: [DONE]\n\n';
        return;
      case 'error': {
        const error = isObject(event['error']) ? event['error'] : {};
        return this.#fail(textOf(error['message']), textOf(error['type']) || 'api_error');
      }
      default:
        // Pings, and what is not known yet.
        return;
    }
  }

  #start(message: unknown): void {
    this.#message = isObject(message) ? message : {};
    if (isObject(this.#message['usage'])) this.#usage = this.#message['usage'];
    this.#chunk({ role: 'assistant', content: '' });
  }

  #open(index: unknown, given: unknown): void {
    const block = isObject(given) ? given : {};
    const kind = textOf(block['type']);
    const call = kind === 'tool_use' ? this.#calls++ : -1;
    const open: OpenBlock = {
      kind,
      call,
      thinking: textOf(block['thinking']),
      signature: textOf(block['signature']),
      hasArguments: false,
      block,
    };
    this.#blocks.set(index, open);
    if (kind === 'tool_use') {
      const body = { name: block['name'], arguments: '' };
      this.#chunk({
        tool_calls: [{ index: call, id: block['id'], type: 'function', function: body }],
      });
    } else if (kind === 'text' && textOf(block['text']) !== '') {
      this.#chunk({ content: block['text'] });
    } else if (kind === 'redacted_thinking') {
      this.#chunk({ thinking_blocks: [block] });
    } else if (kind === 'thinking' && open.thinking !== '') {
      this.#chunk({ reasoning_content: open.thinking });
    }
  }

  #grow(index: unknown, delta: unknown): void {
    const open = this.#blocks.get(index);
    if (open === undefined || !isObject(delta)) return;
    switch (delta['type']) {
      case 'text_delta':
        return this.#chunk({ content: delta['text'] });
      case 'thinking_delta':
        open.thinking += textOf(delta['thinking']);
        return this.#chunk({ reasoning_content: delta['thinking'] });
      case 'signature_delta':
        open.signature += textOf(delta['signature']);
        return;
      case 'input_json_delta':
        return this.#growCall(open, textOf(delta['partial_json']));
      default:
        return;
    }
  }

  #growCall(open: OpenBlock, piece: string): void {
    if (open.call < 0 || piece === '') return;
    open.hasArguments = true;
    this.#chunk({ tool_calls: [{ index: open.call, function: { arguments: piece } }] });
  }

  /** Whole thoughts, signed, are what Anthropic wants back; a call without arguments gets the empty object. */
  #close(index: unknown): void {
    const open = this.#blocks.get(index);
    if (open === undefined) return;
    this.#blocks.delete(index);
    if (open.kind === 'thinking') {
      const { thinking, signature } = open;
      this.#chunk({ thinking_blocks: [{ type: 'thinking', thinking, signature }] });
    } else if (open.call >= 0 && !open.hasArguments) {
      this.#growCall(open, JSON.stringify(open.block['input'] ?? {}));
    }
  }

  #finish(event: Json): void {
    const delta = isObject(event['delta']) ? event['delta'] : {};
    if (isObject(event['usage'])) this.#usage = { ...this.#usage, ...present(event['usage']) };
    const frame = this.#frame();
    const choices = [
      {
        index: 0,
        delta: { anthropic: endOf(delta) },
        finish_reason: finishOf(delta['stop_reason']),
      },
    ];
    const usage = usageOf(this.#usage);
    this.#out += `data: ${JSON.stringify({ ...frame, choices })}\n\n`;
    this.#out += `data: ${JSON.stringify({ ...frame, choices: [], usage })}\n\n`;
  }

  #fail(message: string, type: string): void {
    this.#isOver = true;
    const error = { message, type, param: null, code: type };
    this.#out += `data: ${JSON.stringify({ error })}\n\n`;
  }

  #frame(): Json {
    return {
      id: textOf(this.#message['id']) || `chatcmpl-${this.#info.id}`,
      object: 'chat.completion.chunk',
      created: this.#info.createdAtSeconds,
      model: this.#message['model'],
    };
  }

  #chunk(delta: Json): void {
    const choices = [{ index: 0, delta, finish_reason: null }];
    this.#out += `data: ${JSON.stringify({ ...this.#frame(), choices })}\n\n`;
  }

  #take(): Buffer | null {
    if (this.#out === '') return null;
    const bytes = Buffer.from(this.#out);
    this.#out = '';
    return bytes;
  }
}

/** A count that is null stands for one that was told before. */
const present = (usage: Json): Json =>
  Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null));
