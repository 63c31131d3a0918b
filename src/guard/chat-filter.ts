import type { Fault } from '../kernel/index.ts';
import { fault } from '../kernel/index.ts';
import { QUOTE, isObject } from '../wire/index.ts';
import {
  adjusted,
  chatEvent,
  hasArguments,
  hasContent,
  nameOf,
  newChoice,
  textOf,
} from './chat-call.ts';
import type { CallField, ChatCall, ChatChoice, HeldPiece, Json } from './chat-call.ts';
import { RepeatedEvent } from './repeated-event.ts';
import type { EventFilter } from './stream-guard.ts';
import type { ToolJudge } from './tool-judge.ts';

/** A call whose name does not come is held no longer than this. */
const HELD_BYTES_MAX = 256 * 1024;
/** Ends of an answer that calls tools; where no call is left, it stops. */
export const CALL_ENDS: ReadonlySet<unknown> = new Set(['tool_calls', 'function_call']);

/** The event at hand. */
interface Moment {
  readonly chunk: Json;
  readonly raw: Buffer;
  /** What goes out before it. */
  readonly before: Buffer[];
}

/** The same for one of its choices. */
interface ChoiceMoment extends Moment {
  readonly choice: Json;
  /** The event waits, with all that it says. */
  isWaiting: boolean;
}

/**
 * Calls in a stream of the chat surface. A call is held until its name is whole: it is when arguments
 * begin, when the next call of its choice begins, or when the choice ends.
 */
export class ChatFilter implements EventFilter {
  fault: Fault | null = null;
  needsAll: boolean;
  readonly #judge: ToolJudge;
  readonly #count: number;
  readonly #choices = new Map<number, ChatChoice>();
  #last: Json = {};
  #hasSkimmed = false;
  readonly #passing = new RepeatedEvent();
  readonly #dropped = new RepeatedEvent();

  /** `count`: how many choices the answer has. */
  constructor(judge: ToolJudge, count: number) {
    this.#judge = judge;
    this.#count = count;
    this.needsAll = count > 1;
  }

  skim(bytes: Buffer): void {
    if (this.#hasSkimmed) return;
    const own = this.#choiceAt(0);
    own.hasRole ||= bytes.includes(ROLE);
    own.hasContent ||= saysText(bytes, CONTENT) || saysText(bytes, REFUSAL);
    this.#hasSkimmed = own.hasRole && own.hasContent;
  }

  /** More arguments of a call that was judged fare as those before. */
  repeated(raw: Buffer): readonly Buffer[] | null | undefined {
    if (this.#passing.matches(raw)) return null;
    return this.#dropped.matches(raw) ? NOTHING : undefined;
  }

  event(chunk: Json, raw: Buffer): readonly Buffer[] | null {
    const { choices } = chunk;
    if (!Array.isArray(choices)) return null;
    this.#last = chunk;
    const moment: Moment = { chunk, raw, before: [] };
    const left: unknown[] = [];
    let isChanged = false;
    for (const choice of choices as readonly unknown[]) {
      const out = isObject(choice) ? this.#readChoice(choice, moment) : choice;
      isChanged ||= out !== choice;
      if (out !== null) left.push(out);
      if (this.fault !== null) return moment.before;
    }
    this.needsAll = this.#mustWatch();
    const { before } = moment;
    const isQuiet = before.length === 0 && !this.#isPending();
    this.#passing.forget();
    this.#dropped.forget();
    if (!isChanged) {
      if (isQuiet) this.#passing.learn(raw);
      return before.length === 0 ? null : [...before, raw];
    }
    const isEmpty = left.length === 0 && !isObject(chunk['usage']);
    if (!isEmpty) return [...before, chatEvent({ ...chunk, choices: left })];
    if (isQuiet) this.#dropped.learn(raw);
    return before;
  }

  end(): readonly Buffer[] {
    const before: Buffer[] = [];
    const moment: Moment = { chunk: this.#last, raw: NO_BYTES, before };
    for (const [index, choice] of this.#choices) {
      if (this.fault === null && !choice.isFinished) this.#conclude(choice, index, moment);
    }
    return before;
  }

  /** Of several choices, an event may be the first that one of them says; one choice is skimmed. */
  #mustWatch(): boolean {
    if (this.#choices.size < this.#count) return this.#count > 1;
    for (const choice of this.#choices.values()) {
      if (choice.isFinished) continue;
      if (choice.message !== null || (!choice.hasContent && this.#count > 1)) return true;
    }
    return this.#isPending();
  }

  #isPending(): boolean {
    for (const { calls } of this.#choices.values()) {
      for (const { verdict } of calls.values()) if (verdict === undefined) return true;
    }
    return false;
  }

  #choiceAt(index: number): ChatChoice {
    let choice = this.#choices.get(index);
    if (choice === undefined) this.#choices.set(index, (choice = newChoice()));
    return choice;
  }

  /** The choice as the client gets it; null where nothing of it is left. */
  #readChoice(choice: Json, moment: Moment): Json | null {
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0;
    const seen = this.#choiceAt(index);
    let out = choice;
    for (const member of ['delta', 'message'] as const) {
      const delta = choice[member];
      if (!isObject(delta)) continue;
      const left = this.#readDelta(delta, seen, { ...moment, choice, isWaiting: false });
      if (left !== delta) out = { ...out, [member]: left };
    }
    if (this.fault !== null) return null;
    const finish = choice['finish_reason'];
    if (typeof finish !== 'string') return out === choice || !isHollow(out) ? out : null;
    this.#conclude(seen, index, moment);
    seen.isFinished = true;
    const hasNone = seen.message !== null && seen.passed === 0;
    return hasNone && CALL_ENDS.has(finish) ? { ...out, finish_reason: 'stop' } : out;
  }

  #readDelta(delta: Json, seen: ChatChoice, moment: ChoiceMoment): Json {
    if (hasContent(delta)) seen.hasContent = true;
    const { tool_calls: calls, function_call: legacy } = delta;
    let out: Record<string, unknown> | null = null;
    if (Array.isArray(calls) && calls.length > 0) {
      const left = this.#readPieces(calls, seen, moment);
      if (left !== calls) out = { ...delta, tool_calls: left };
      if (left.length === 0) delete out!['tool_calls'];
    }
    if (isObject(legacy)) {
      const left = this.#readPiece(legacy, { field: 'function_call', index: 0 }, seen, moment);
      if (left !== legacy) out = { ...(out ?? delta), function_call: left };
      if (left === null) delete out!['function_call'];
    }
    if (moment.isWaiting) delete out!['role'];
    if (typeof (out ?? delta)['role'] === 'string') seen.hasRole = true;
    return out ?? delta;
  }

  /** The pieces that go out with their event: the same list where all do, as they are. */
  #readPieces(
    pieces: readonly unknown[],
    seen: ChatChoice,
    moment: ChoiceMoment,
  ): readonly unknown[] {
    const left: unknown[] = [];
    let isSame = true;
    for (let position = 0; position < pieces.length; position++) {
      const piece = pieces[position];
      let out: Json | null = null;
      if (isObject(piece)) {
        const index = typeof piece['index'] === 'number' ? piece['index'] : position;
        out = this.#readPiece(piece, { field: 'tool_calls', index }, seen, moment);
      }
      isSame &&= out === piece;
      if (out !== null) left.push(out);
    }
    return isSame ? pieces : left;
  }

  /** The piece as it goes out with its event; null where it is held or taken out. */
  #readPiece(piece: Json, place: Place, seen: ChatChoice, moment: ChoiceMoment): Json | null {
    const call = this.#callAt(piece, place, seen, moment);
    if (call.verdict === null) return adjusted(call, piece, true);
    if (call.verdict !== undefined) return null;
    call.name += nameOf(piece, place.field);
    call.heldBytes += moment.raw.length;
    const isNamed = call.name !== '' && hasArguments(piece, place.field);
    if (!isNamed && call.heldBytes <= HELD_BYTES_MAX) {
      const held = heldOf(piece, moment);
      moment.isWaiting = held.raw !== null;
      call.held.push(held);
      return null;
    }
    this.#decide(call, seen, moment.before);
    return call.verdict === null ? adjusted(call, piece, false) : null;
  }

  #callAt(piece: Json, place: Place, seen: ChatChoice, moment: Moment): ChatCall {
    const key = `${place.field} ${place.index}`;
    const id = textOf(piece['id']);
    const before = seen.calls.get(key);
    // Some engines give every call the same index: another id with a name is another call.
    const isAnother =
      before === undefined ||
      (id !== '' && before.id !== '' && id !== before.id && nameOf(piece, place.field) !== '');
    if (!isAnother) {
      if (before.id === '') before.id = id;
      return before;
    }
    this.#decideAll(seen, moment.before);
    const call: ChatCall = {
      ...place,
      id,
      name: '',
      verdict: undefined,
      outIndex: place.index,
      held: [],
      heldBytes: 0,
    };
    seen.calls.set(key, call);
    return call;
  }

  #decideAll(seen: ChatChoice, before: Buffer[]): void {
    for (const call of seen.calls.values()) {
      if (call.verdict === undefined && this.fault === null) this.#decide(call, seen, before);
    }
  }

  /** Judges a call by its whole name; what was held goes out, or is forgotten. */
  #decide(call: ChatCall, seen: ChatChoice, before: Buffer[]): void {
    const verdict = this.#judge.judge({ names: [call.name], isHosted: false });
    call.verdict = verdict;
    const { held } = call;
    call.held = [];
    if (verdict?.action === 'block') {
      this.fault = fault('BRS_TOOL_CALLED', { rule: verdict.source });
      return;
    }
    if (verdict === null) {
      seen.passed++;
      let lower = 0;
      for (const index of seen.dropped) if (index < call.index) lower++;
      call.outIndex = call.index - lower;
      for (const piece of held) before.push(released(call, piece, seen));
      return;
    }
    if (call.field === 'tool_calls') seen.dropped.add(call.index);
    seen.message ??= verdict.message;
    const rest = held.find((piece) => 'role' in piece.rest);
    if (rest !== undefined) before.push(eventOf(rest, rest.rest));
    seen.hasRole ||= rest !== undefined;
  }

  /** The choice ends: its calls are judged, and where they were all that it said, it says why there are none. */
  #conclude(seen: ChatChoice, index: number, { chunk, before }: Moment): void {
    this.#decideAll(seen, before);
    if (this.fault !== null || seen.message === null) return;
    if (seen.passed > 0 || seen.hasContent) return;
    const role = seen.hasRole ? {} : { role: 'assistant' };
    const delta = { ...role, content: seen.message };
    before.push(choiceEvent(chunk, index, delta));
    seen.hasContent = true;
  }
}

interface Place {
  readonly field: CallField;
  readonly index: number;
}

const NO_BYTES = Buffer.alloc(0);
const NOTHING: readonly Buffer[] = [];
const ROLE = Buffer.from('"role":');
const CONTENT = Buffer.from('"content":');
const REFUSAL = Buffer.from('"refusal":');

/** Whether a member of that name, which cannot stand inside of a text, holds a text that is not empty. */
function saysText(bytes: Buffer, member: Buffer): boolean {
  let at = bytes.indexOf(member);
  while (at >= 0) {
    at += member.length;
    if (bytes[at] === 0x20) at++;
    if (bytes[at] === QUOTE && bytes[at + 1] !== QUOTE) return true;
    at = bytes.indexOf(member, at);
  }
  return false;
}

/** A piece with its event, where that says nothing else and so can go out later as it came. */
function heldOf(piece: Json, moment: ChoiceMoment): HeldPiece {
  const { choice, chunk, raw } = moment;
  const delta = isObject(choice['delta']) ? choice['delta'] : {};
  const isRaw = canWait(delta, moment);
  const { tool_calls: _calls, function_call: _call, ...rest } = delta;
  return {
    raw: isRaw ? raw : null,
    chunk,
    choice: typeof choice['index'] === 'number' ? choice['index'] : 0,
    piece,
    rest: isRaw ? rest : {},
  };
}

/** Whether an event can wait as a whole: one piece of one call is all that it says. */
function canWait(delta: Json, { chunk, choice }: ChoiceMoment): boolean {
  const { tool_calls: calls, function_call: legacy, role: _role, ...others } = delta;
  const pieces = (Array.isArray(calls) ? calls.length : 0) + (isObject(legacy) ? 1 : 0);
  return (
    pieces === 1 &&
    (chunk['choices'] as readonly unknown[]).length === 1 &&
    !isObject(chunk['usage']) &&
    typeof choice['finish_reason'] !== 'string' &&
    isObject(choice['delta']) &&
    !isObject(choice['message']) &&
    Object.values(others).every(isBlank)
  );
}

const isBlank = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0);

/** A choice of which a piece was taken, and that says nothing without it. */
function isHollow(choice: Json): boolean {
  const delta = choice['delta'] ?? choice['message'];
  return isObject(delta) && Object.values(delta).every(isBlank);
}

function released(call: ChatCall, held: HeldPiece, seen: ChatChoice): Buffer {
  seen.hasRole ||= 'role' in held.rest;
  const piece = adjusted(call, held.piece, false);
  if (held.raw !== null && piece === held.piece) return held.raw;
  return eventOf(held, {
    ...held.rest,
    [call.field]: call.field === 'tool_calls' ? [piece] : piece,
  });
}

const eventOf = ({ chunk, choice }: HeldPiece, delta: Json): Buffer =>
  choiceEvent(chunk, choice, delta);

/** An event of one delta, in the frame of another. */
function choiceEvent(chunk: Json, index: number, delta: Json): Buffer {
  const { usage: _usage, ...frame } = chunk;
  return chatEvent({ ...frame, choices: [{ index, delta, finish_reason: null }] });
}
