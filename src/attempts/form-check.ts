import type { RequestBody, Workload } from '../contract/index.ts';
import { hasShape, isObject, parseField } from '../wire/index.ts';
import type { AnswerReader } from '../wire/index.ts';

/** What is wrong with an answer at first sight. */
export type FormFlaw =
  | 'refused'
  | 'empty'
  | 'cut'
  | 'no JSON'
  | 'not of the schema'
  | 'a call of no tool'
  | 'a call that does not fit';

/** Phrases that begin an answer which gives none, in the words of common models. */
const DECLINING = [
  "i'm sorry, but i can",
  'i’m sorry, but i can',
  'i am sorry, but i can',
  "i'm unable to",
  'i am unable to',
  'i cannot answer',
  "i can't answer",
  'i cannot help',
  "i can't help",
  'i cannot assist',
  "i can't assist",
  "i don't know",
  'i do not know',
];
/** A longer text has said something after all. */
const DECLINING_LENGTH_MAX = 300;

/** Null where the answer has the form that was asked for. */
export function formFlaw(answer: AnswerReader, workload: Workload): FormFlaw | null {
  const { text, calls, finishReason } = answer;
  if (answer.hasRefused || finishReason === 'content_filter') return 'refused';
  if (calls.length > 0) return callFlaw(answer, workload.body);
  const said = text.trim();
  if (said === '') return 'empty';
  // Where the caller set the limit, any model would be cut.
  if (finishReason === 'length' && workload.outputCeilingTokens === null) return 'cut';
  if (said.length <= DECLINING_LENGTH_MAX && isDeclining(said)) return 'refused';
  return answer.isWhole && finishReason !== 'length' ? jsonFlaw(said, workload.body) : null;
}

function isDeclining(text: string): boolean {
  const start = text.slice(0, 32).toLowerCase();
  return DECLINING.some((phrase) => start.startsWith(phrase));
}

/** Against `response_format` of chat and `text.format` of responses. */
function jsonFlaw(text: string, body: RequestBody): FormFlaw | null {
  const format = fieldOf(body, 'response_format') ?? memberOf(fieldOf(body, 'text'), 'format');
  const type = memberOf(format, 'type');
  if (type !== 'json_object' && type !== 'json_schema') return null;
  const value = parsed(text);
  if (value === undefined) return 'no JSON';
  if (type === 'json_object') return isObject(value) ? null : 'no JSON';
  const schema = memberOf(memberOf(format, 'json_schema'), 'schema') ?? memberOf(format, 'schema');
  return hasShape(value, schema) ? null : 'not of the schema';
}

function callFlaw({ calls, isWhole }: AnswerReader, body: RequestBody): FormFlaw | null {
  const tools = fieldOf(body, 'tools');
  if (!Array.isArray(tools) || !isWhole) return null;
  for (const call of calls) {
    const tool = (tools as unknown[]).find((each) => nameOf(each) === call.name);
    if (tool === undefined) return 'a call of no tool';
    const value = parsed(call.arguments === '' ? '{}' : call.arguments);
    const schema = memberOf(memberOf(tool, 'function') ?? tool, 'parameters');
    if (!isObject(value) || !hasShape(value, schema)) return 'a call that does not fit';
  }
  return null;
}

const nameOf = (tool: unknown): unknown => memberOf(memberOf(tool, 'function') ?? tool, 'name');
const memberOf = (value: unknown, key: string): unknown =>
  isObject(value) ? (value[key] ?? undefined) : undefined;

/** Undefined where it is missing or cannot be read. */
function fieldOf(body: RequestBody, key: string): unknown {
  try {
    return parseField(body, key) ?? undefined;
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
