import type { Guard } from '../contract/index.ts';
import type { Fault } from '../kernel/index.ts';
import { fault } from '../kernel/index.ts';
import { isObject } from '../wire/index.ts';
import { hasContent, nameOf, textOf } from './chat-call.ts';
import type { CallField, Json } from './chat-call.ts';
import { CALL_ENDS } from './chat-filter.ts';
import { callOf, cannedMessage, isMessage } from './responses-calls.ts';
import type { CalledTool, ToolJudge, Verdict } from './tool-judge.ts';

const CALL = Buffer.from('_call');

/** Guards an answer that comes as one JSON object. One from which nothing is taken keeps its bytes. */
export class WholeGuard implements Guard {
  readonly apiVersion = 1;
  readonly name = 'tools';
  fault: Fault | null = null;
  readonly #judge: ToolJudge;
  readonly #chunks: Buffer[] = [];
  /** Of the choice at hand. */
  #message: string | null = null;

  constructor(judge: ToolJudge) {
    this.#judge = judge;
  }

  onData(chunk: Buffer): null {
    this.#chunks.push(chunk);
    return null;
  }

  onEnd(): Buffer | null {
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    if (body.indexOf(CALL) < 0) return body;
    let answer: unknown;
    try {
      answer = JSON.parse(body.toString());
    } catch {
      this.fault = fault('BRS_TOOL_CALLED', { rule: 'an answer that cannot be read' });
      return null;
    }
    if (!isObject(answer)) return body;
    const left = Array.isArray(answer['output']) ? this.#ofResponse(answer) : this.#ofChat(answer);
    if (this.fault !== null) return null;
    return left === answer ? body : Buffer.from(JSON.stringify(left));
  }

  #mayPass(call: CalledTool): boolean {
    if (this.fault !== null) return false;
    const verdict: Verdict | null = this.#judge.judge(call);
    if (verdict === null) return true;
    this.#message ??= verdict.message;
    if (verdict.action === 'block') this.fault = fault('BRS_TOOL_CALLED', { rule: verdict.source });
    return false;
  }

  #ofChat(answer: Json): Json {
    const { choices } = answer;
    if (!Array.isArray(choices)) return answer;
    const left = (choices as readonly unknown[]).map((choice) =>
      isObject(choice) ? this.#ofChoice(choice) : choice,
    );
    const isSame = left.every((choice, i) => choice === (choices as readonly unknown[])[i]);
    return isSame ? answer : { ...answer, choices: left };
  }

  #ofChoice(choice: Json): Json {
    const { message } = choice;
    if (!isObject(message)) return choice;
    this.#message = null;
    const out: Record<string, unknown> = { ...message };
    const { tool_calls: calls, function_call: legacy } = message;
    const kept = (Array.isArray(calls) ? (calls as readonly unknown[]) : []).filter((call) =>
      this.#mayPass(calledBy(call, 'tool_calls')),
    );
    const hasLegacy = isObject(legacy) && this.#mayPass(calledBy(legacy, 'function_call'));
    if (this.#message === null) return choice;
    if (kept.length > 0) out['tool_calls'] = kept;
    else delete out['tool_calls'];
    if (!hasLegacy) delete out['function_call'];
    if (kept.length > 0 || hasLegacy) return { ...choice, message: out };
    if (!hasContent(out)) out['content'] = this.#message;
    const finish = CALL_ENDS.has(choice['finish_reason']) ? 'stop' : choice['finish_reason'];
    return { ...choice, message: out, finish_reason: finish };
  }

  #ofResponse(answer: Json): Json {
    const output = answer['output'] as readonly unknown[];
    this.#message = null;
    const left = output.filter((item) => {
      const call = callOf(item);
      return call === null || this.#mayPass(call);
    });
    if (this.#message === null) return answer;
    const hasRest = left.some((item) => isMessage(item) || callOf(item) !== null);
    if (hasRest) return { ...answer, output: left };
    const id = textOf(answer['id']).replace(/^resp_/, '');
    const { item } = cannedMessage(this.#message, id, left.length);
    return { ...answer, output: [...left, item] };
  }
}

function calledBy(call: unknown, field: CallField): CalledTool {
  if (!isObject(call)) return { names: [''], isHosted: false };
  const names = new Set([nameOf(call, field)]);
  // A call that has the form of both kinds goes by both names.
  if (isObject(call['custom'])) names.add(textOf(call['custom']['name']));
  return { names: [...names], isHosted: false };
}
