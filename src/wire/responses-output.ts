type Json = Readonly<Record<string, unknown>>;

/** Gets the events of a growing output; an answer that is not streamed has no use for them. */
export type EmitEvent = (type: string, fields: Json) => void;

type PartKind = 'output_text' | 'refusal' | 'reasoning_text';

interface OpenItem {
  readonly id: string;
  readonly index: number;
  readonly kind: PartKind;
  text: string;
}

interface OpenCall {
  readonly id: string;
  readonly index: number;
  readonly callId: string;
  readonly name: string;
  arguments: string;
}

/** One piece of a tool call, as chat completions streams it. */
export interface CallPiece {
  readonly index: number;
  readonly id: string | null;
  readonly name: string | null;
  readonly arguments: string;
}

/** How the events that fill a part are called, and what holds its text. */
const PARTS = {
  output_text: { event: 'response.output_text', field: 'text' },
  refusal: { event: 'response.refusal', field: 'refusal' },
  reasoning_text: { event: 'response.reasoning_text', field: 'text' },
} as const;

/**
 * Builds the `output` of a response from pieces of a chat answer, in the order in which they come:
 * one item per stretch of reasoning, text or refusal, and one per tool call. Calls stay open until
 * the end, since engines may stream several at once.
 */
export class ResponsesOutput {
  readonly #id: string;
  readonly #emit: EmitEvent;
  readonly #items: Json[] = [];
  readonly #calls = new Map<number, OpenCall>();
  readonly #unnamed = new Map<number, CallPiece>();
  #open: OpenItem | null = null;
  #count = 0;

  constructor(id: string, emit: EmitEvent) {
    this.#id = id;
    this.#emit = emit;
  }

  addText(kind: PartKind, delta: string): void {
    if (this.#open?.kind !== kind) {
      this.#closeItem('completed');
      this.#openItem(kind);
    }
    const item = this.#open!;
    item.text += delta;
    this.#emit(`${PARTS[kind].event}.delta`, {
      ...placeOf(item),
      delta,
      ...(kind === 'output_text' ? { logprobs: [] } : {}),
    });
  }

  /** A call begins when its name is known: what came before it is kept. */
  addCall(piece: CallPiece): void {
    let call = this.#calls.get(piece.index);
    let added = piece.arguments;
    if (call === undefined) {
      const before = this.#unnamed.get(piece.index);
      const id = piece.id ?? before?.id ?? null;
      added = (before?.arguments ?? '') + added;
      if (piece.name === null || piece.name === '') {
        this.#unnamed.set(piece.index, { ...piece, id, arguments: added });
        return;
      }
      this.#closeItem('completed');
      call = this.#openCall(piece.index, id, piece.name);
    }
    if (added === '') return;
    call.arguments += added;
    this.#emit('response.function_call_arguments.delta', {
      item_id: call.id,
      output_index: call.index,
      delta: added,
    });
  }

  /** Closes what is open and returns every item. */
  finish(status: 'completed' | 'incomplete'): readonly Json[] {
    this.#closeItem(status);
    for (const call of this.#calls.values()) this.#closeCall(call, status);
    this.#calls.clear();
    return this.#items;
  }

  #openItem(kind: PartKind): void {
    const index = this.#count++;
    const prefix = kind === 'reasoning_text' ? 'rs' : 'msg';
    const item: OpenItem = { id: `${prefix}_${this.#id}_${index}`, index, kind, text: '' };
    this.#open = item;
    this.#emit('response.output_item.added', {
      output_index: index,
      item: itemOf(item, [], 'in_progress'),
    });
    this.#emit('response.content_part.added', { ...placeOf(item), part: partOf(item) });
  }

  #closeItem(status: 'completed' | 'incomplete'): void {
    const item = this.#open;
    if (item === null) return;
    this.#open = null;
    const { event, field } = PARTS[item.kind];
    const place = placeOf(item);
    const part = partOf(item);
    const logprobs = item.kind === 'output_text' ? { logprobs: [] } : {};
    this.#emit(`${event}.done`, { ...place, [field]: item.text, ...logprobs });
    this.#emit('response.content_part.done', { ...place, part });
    this.#closed(item.index, itemOf(item, [part], status));
  }

  #openCall(index: number, id: string | null, name: string): OpenCall {
    const place = this.#count++;
    const call: OpenCall = {
      id: `fc_${this.#id}_${place}`,
      index: place,
      callId: id ?? `call_${this.#id}_${place}`,
      name,
      arguments: '',
    };
    this.#calls.set(index, call);
    this.#emit('response.output_item.added', {
      output_index: place,
      item: callOf(call, 'in_progress'),
    });
    return call;
  }

  #closeCall(call: OpenCall, status: 'completed' | 'incomplete'): void {
    this.#emit('response.function_call_arguments.done', {
      item_id: call.id,
      output_index: call.index,
      name: call.name,
      arguments: call.arguments,
    });
    this.#closed(call.index, callOf(call, status));
  }

  #closed(index: number, item: Json): void {
    this.#items[index] = item;
    this.#emit('response.output_item.done', { output_index: index, item });
  }
}

const placeOf = (item: OpenItem): Json => ({
  item_id: item.id,
  output_index: item.index,
  content_index: 0,
});

function partOf({ kind, text }: OpenItem): Json {
  if (kind === 'refusal') return { type: kind, refusal: text };
  return kind === 'output_text'
    ? { type: kind, text, annotations: [], logprobs: [] }
    : { type: kind, text };
}

const itemOf = ({ id, kind }: OpenItem, content: readonly Json[], status: string): Json =>
  kind === 'reasoning_text'
    ? { id, type: 'reasoning', status, summary: [], content }
    : { id, type: 'message', status, role: 'assistant', content };

const callOf = (call: OpenCall, status: string): Json => ({
  id: call.id,
  type: 'function_call',
  status,
  call_id: call.callId,
  name: call.name,
  arguments: call.arguments,
});
