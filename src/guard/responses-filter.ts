import type { Fault } from '../kernel/index.ts';
import { fault } from '../kernel/index.ts';
import { isObject } from '../wire/index.ts';
import { textOf } from './chat-call.ts';
import type { Json } from './chat-call.ts';
import { callOf, cannedMessage, isMessage } from './responses-calls.ts';
import type { EventFilter } from './stream-guard.ts';
import type { ToolJudge, Verdict } from './tool-judge.ts';

const TERMINAL = new Set(['response.completed', 'response.incomplete']);
const NOTHING: readonly Buffer[] = [];

/**
 * Calls in a stream of the responses surface: an item says its name when it begins. What comes after
 * an item that was taken out moves up.
 */
export class ResponsesFilter implements EventFilter {
  fault: Fault | null = null;
  readonly #judge: ToolJudge;
  /** By the engine's place in the output: the call that is there. */
  readonly #verdicts = new Map<number, Verdict | null>();
  #message: string | null = null;

  constructor(judge: ToolJudge) {
    this.#judge = judge;
  }

  get needsAll(): boolean {
    return this.#message !== null;
  }

  event(event: Json, _raw: Buffer): readonly Buffer[] | null {
    const { output_index: place, item, response } = event;
    if (isObject(response)) return this.#readResponse(event, response);
    if (typeof place !== 'number') return null;
    const call = callOf(item);
    if (call !== null && !this.#verdicts.has(place)) this.#note(place, this.#judge.judge(call));
    if (this.fault !== null) return NOTHING;
    const verdict = this.#verdicts.get(place);
    // Arguments of a call that never began belong to nobody.
    const isOrphan = verdict === undefined && isOfCall(event);
    if (isOrphan || (verdict !== undefined && verdict !== null)) return NOTHING;
    const moved = this.#placeOf(place);
    return moved === place ? null : [responsesEvent({ ...event, output_index: moved })];
  }

  end(): readonly Buffer[] {
    return NOTHING;
  }

  #note(place: number, verdict: Verdict | null): void {
    this.#verdicts.set(place, verdict);
    if (verdict === null) return;
    this.#message ??= verdict.message;
    if (verdict.action === 'block') {
      this.fault = fault('BRS_TOOL_CALLED', { rule: verdict.source });
    }
  }

  #placeOf(place: number): number {
    let lower = 0;
    for (const [each, verdict] of this.#verdicts) if (verdict !== null && each < place) lower++;
    return place - lower;
  }

  /** Terminal events repeat the whole output. */
  #readResponse(event: Json, response: Json): readonly Buffer[] | null {
    const { output } = response;
    if (!Array.isArray(output)) return null;
    const left = (output as readonly unknown[]).filter((item, place) => {
      const call = callOf(item);
      if (call === null) return true;
      if (!this.#verdicts.has(place)) this.#note(place, this.#judge.judge(call));
      return this.#verdicts.get(place) === null;
    });
    if (this.fault !== null) return NOTHING;
    const isWhole = left.length === output.length;
    if (!TERMINAL.has(textOf(event['type'])) || this.#message === null) {
      return isWhole
        ? null
        : [responsesEvent({ ...event, response: { ...response, output: left } })];
    }
    return this.#concluded(event, response, left);
  }

  /** Where calls were all that the answer said, it says why there are none. */
  #concluded(event: Json, response: Json, left: readonly unknown[]): readonly Buffer[] {
    const hasRest = left.some((item) => isMessage(item) || callOf(item) !== null);
    if (hasRest) return [responsesEvent({ ...event, response: { ...response, output: left } })];
    const id = textOf(response['id']).replace(/^resp_/, '');
    const { item, events } = cannedMessage(this.#message!, id, left.length);
    const first = typeof event['sequence_number'] === 'number' ? event['sequence_number'] : 0;
    const output = [...left, item];
    const all = [...events, { ...event, response: { ...response, output } }];
    return all.map((each, i) => responsesEvent({ ...each, sequence_number: first + i }));
  }
}

const isOfCall = (event: Json): boolean => textOf(event['type']).includes('_call');

const responsesEvent = (event: Json): Buffer =>
  Buffer.from(`event: ${textOf(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`);
