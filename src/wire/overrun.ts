import type {
  Effort,
  Injection,
  Model,
  RequestBody,
  Surface,
  Workload,
} from '../contract/index.ts';
import { OPEN_BRACKET, QUOTE } from './json-text.ts';
import { canSwitchOff } from './reasoning.ts';

/** What becomes of an answer that a limit of the exchange's own has cut. */
export type Overrun = 'continue' | 'restart';

/** Members that neither give the answer a form nor depend on where it ends. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  'bourse',
  'bourse_sim',
  'cache_salt',
  'include_reasoning',
  'input',
  'instructions',
  'logit_bias',
  'max_completion_tokens',
  'max_output_tokens',
  'max_tokens',
  'messages',
  'metadata',
  'min_p',
  'model',
  'priority',
  'prompt',
  'prompt_cache_key',
  'safety_identifier',
  'service_tier',
  'session_id',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'top_k',
  'top_p',
  'user',
]);
const REASONING_FIELDS: readonly string[] = [
  'chat_template_kwargs',
  'reasoning',
  'reasoning_effort',
  'thinking',
  'thinking_token_budget',
];
/** What says of any member that it asks for nothing. */
const NOTHING: ReadonlySet<string> = new Set(['null', 'false', '0', '0.0', '[]', '{}', '""']);

/**
 * Whether an answer to the request is one plain text, so that it may be cut at any place and put
 * together again. Tools, formats, stop sequences, several choices, seeds, penalties, and whatever is
 * not known here, rule it out. So does an answer that the client has begun itself.
 */
export function isPlainAnswer(workload: Workload, injection: Injection): boolean {
  const { body, surface } = workload;
  if (workload.choices !== 1 || surface === 'embeddings') return false;
  for (const field of body.fields.keys()) {
    const isKnown = PLAIN_FIELDS.has(field) || REASONING_FIELDS.includes(field);
    if (!isKnown && !asksNothing(body, field)) return false;
  }
  for (const { path } of injection.fields) {
    const isKnown = PLAIN_FIELDS.has(path[0]!) || REASONING_FIELDS.includes(path[0]!);
    if (!isKnown) return false;
  }
  if (surface === 'completions') {
    const prompt = body.fields.get('prompt');
    return prompt !== undefined && body.bytes[prompt.start] === QUOTE;
  }
  return workload.messages().at(-1)?.role !== 'assistant';
}

/** One attempt at a request with a plain answer. */
export interface OverrunAsk {
  readonly body: RequestBody;
  readonly isStream: boolean;
  /** The surface that the instance is spoken to on. */
  readonly surface: Surface;
  readonly model: Pick<Model, 'reasoning'>;
  readonly effort: Effort | null;
  readonly continuesChat: boolean;
}

/**
 * How a cut answer is made whole; null: it could not be, and no limit may be set. A text goes on where
 * the engine can go on with one. What the model thought before it cannot be handed back, so an answer
 * with thinking is asked for again, which only works while the client has seen nothing of it.
 */
export function overrunOf(ask: OverrunAsk): Overrun | null {
  if (ask.surface === 'completions') return 'continue';
  if (ask.surface !== 'chat') return null;
  if (ask.continuesChat && !mayThink(ask) && hasMessages(ask.body)) return 'continue';
  return ask.isStream ? null : 'restart';
}

function mayThink({ body, model, effort }: OverrunAsk): boolean {
  if (model.reasoning !== null) return effort !== 'off' || !canSwitchOff(model.reasoning);
  return REASONING_FIELDS.some((field) => body.fields.has(field) && !asksNothing(body, field));
}

function hasMessages({ bytes, fields }: RequestBody): boolean {
  const messages = fields.get('messages') ?? fields.get('input');
  return messages !== undefined && (bytes[messages.start] === OPEN_BRACKET || fields.has('input'));
}

function asksNothing({ bytes, fields }: RequestBody, field: string): boolean {
  const { start, end } = fields.get(field)!;
  if (end - start > 5) return false;
  const value = bytes.toString('latin1', start, end);
  return NOTHING.has(value) || (field === 'n' && value === '1');
}
