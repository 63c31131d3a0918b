import { isObject } from '../usage.ts';
import { textAt } from './message-parts.ts';

type Json = Readonly<Record<string, unknown>>;

type Emit = (type: string, fields: Json) => void;

type BlockKind = 'thinking' | 'text' | 'call';

interface Call {
  id: string | null;
  name: string | null;
  arguments: string;
  /** How much of the arguments has gone out. */
  sent: number;
}

/**
 * The content blocks of a streamed message, one open at a time, in the order in which they begin. Of
 * several calls the first unfinished one streams, and the others wait for it: a block of this surface
 * is whole before the next one begins.
 */
export class MessageBlocks {
  readonly #id: string;
  readonly #emit: Emit;
  readonly #calls = new Map<number, Call>();
  #index = -1;
  #open: BlockKind | null = null;
  /** The call whose block is open, or the next to be. */
  #current = 0;

  constructor(id: string, emit: Emit) {
    this.#id = id;
    this.#emit = emit;
  }

  think(text: string): void {
    this.#begin('thinking', { type: 'thinking', thinking: '', signature: '' });
    this.#delta({ type: 'thinking_delta', thinking: text });
  }

  /** The end of a thought that Anthropic's own servers have signed, or one that they keep to themselves. */
  sign(block: Json): void {
    if (block['type'] !== 'thinking') {
      this.#close();
      this.#begin('thinking', block);
      this.#close();
      return;
    }
    this.#begin('thinking', { type: 'thinking', thinking: '', signature: '' });
    const signature = textAt(block, 'signature');
    if (signature !== null) this.#delta({ type: 'signature_delta', signature });
    this.#close();
  }

  say(text: string): void {
    this.#begin('text', { type: 'text', text: '' });
    this.#delta({ type: 'text_delta', text });
  }

  /** One piece of a call, as chat completions stream it. */
  call(piece: Json, position: number): void {
    const index = typeof piece['index'] === 'number' ? piece['index'] : position;
    let call = this.#calls.get(index);
    if (call === undefined) {
      call = { id: null, name: null, arguments: '', sent: 0 };
      this.#calls.set(index, call);
    }
    const body = isObject(piece['function']) ? piece['function'] : {};
    call.id ??= textAt(piece, 'id');
    call.name ??= textAt(body, 'name');
    call.arguments += textAt(body, 'arguments') ?? '';
    this.#stream(false);
  }

  /** Closes what is open, and writes what waited. */
  finish(): void {
    this.#stream(true);
    this.#close();
  }

  #stream(isEnd: boolean): void {
    const order = [...this.#calls.keys()].sort((a, b) => a - b);
    while (this.#current < order.length) {
      const call = this.#calls.get(order[this.#current]!)!;
      if (call.name === null) {
        if (!isEnd) return;
        this.#current++;
        continue;
      }
      this.#write(call, order[this.#current]!);
      const isLast = this.#current === order.length - 1;
      if (!isEnd && (isLast || !isWhole(call.arguments))) return;
      this.#close();
      this.#current++;
    }
  }

  #write(call: Call, index: number): void {
    if (this.#open !== 'call') {
      const id = call.id ?? `toolu_${this.#id}_${index}`;
      this.#begin('call', { type: 'tool_use', id, name: call.name, input: {} });
    }
    const added = call.arguments.slice(call.sent);
    call.sent = call.arguments.length;
    if (added !== '') this.#delta({ type: 'input_json_delta', partial_json: added });
  }

  #begin(kind: BlockKind, block: Json): void {
    if (this.#open === kind) return;
    this.#close();
    this.#index++;
    this.#open = kind;
    this.#emit('content_block_start', { index: this.#index, content_block: block });
  }

  #delta(delta: Json): void {
    this.#emit('content_block_delta', { index: this.#index, delta });
  }

  #close(): void {
    if (this.#open === null) return;
    this.#open = null;
    this.#emit('content_block_stop', { index: this.#index });
  }
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
