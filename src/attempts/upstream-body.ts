import {
  BodyEdits,
  MESSAGES_MEMBER,
  SALT_MEMBER,
  addBegunAnswer,
  prefixSaltOf,
  reasoningChanges,
  requestedEffort,
  systemPromptEdit,
  withoutMarks,
} from '../wire/index.ts';
import { fault } from '../kernel/index.ts';
import type {
  AwardedDecision,
  Engine,
  InjectedField,
  Instance,
  Model,
  RequestBody,
  Surface,
} from '../contract/index.ts';
import { editTools } from './offered-tools.ts';

const NAMES = new WeakMap<Model, Buffer>();
const FIELD_VALUES = new WeakMap<InjectedField, Buffer>();
const TRUE = Buffer.from('true');
const STREAM_USAGE = ['stream_options', 'include_usage'];

/** What one attempt asks of one model, on the surface that the instance is spoken to on. */
interface Wanted {
  readonly model: Model;
  readonly instance?: Instance;
  /** Of the instance; unset: one that takes what OpenAI takes. */
  readonly engine?: Engine;
  /** The expected length of the answer in tokens; null: nobody knows. */
  readonly outputTokens?: number | null;
  readonly surface: Surface;
  /** The bytes to edit: the client's own, or their translation. */
  readonly body: RequestBody;
  readonly ceilingTokens: number | null;
  /** The ceiling is a limit of the exchange's own: it has counted in what the model may think. */
  readonly isOwnLimit?: boolean;
  /** The answer so far, to go on with. */
  readonly begunText?: string | null;
}

/**
 * The bytes for one attempt: the original ones with the fields spliced in that this model needs,
 * or the original ones themselves where none does. Never a re-serialisation.
 */
export function upstreamBody(decision: AwardedDecision, wanted: Wanted): Buffer {
  const { workload, mandate } = decision;
  const { model, surface, body } = wanted;
  const edits = new BodyEdits(body);
  if (workload.requestedModel !== model.upstreamName) edits.set('model', nameOf(model));
  if (body.fields.has('bourse')) edits.set('bourse', null);
  if (body.fields.has(MESSAGES_MEMBER)) editMarks(edits, decision, wanted);
  // A translation is made of the tools that are left.
  if (body === workload.body) editTools(edits, decision);
  if (surface !== 'embeddings') {
    const ceilingTokens = editCeiling(edits, decision, wanted);
    if (workload.isStream && surface !== 'responses' && !workload.wantsStreamUsage) {
      edits.setAt(STREAM_USAGE, TRUE);
    }
    const { systemPrompt, reasoning, fields } = mandate.injection;
    if (systemPrompt !== null || reasoning !== null) {
      editInjections(edits, decision, {
        ...wanted,
        ceilingTokens: forThinking(ceilingTokens, wanted),
      });
    }
    for (const field of fields) edits.setAt(field.path, valueOf(field));
    if (wanted.engine?.saltsPrefixes === true) editSalt(edits, decision);
    const { begunText = null } = wanted;
    if (begunText !== null && !addBegunAnswer(edits, surface, begunText)) {
      const reason = 'the request has no place for a begun answer';
      throw fault('BRS_UPSTREAM_PROTOCOL', { instance: model.id, reason });
    }
  }
  if (wanted.engine?.adapt !== undefined)
    adaptBody(edits, wanted.engine, workload.isStream, wanted);
  return edits.build();
}

/** What the engine keeps of the prompt is for its tenant only. */
function editSalt(edits: BodyEdits, { workload, policy }: AwardedDecision): void {
  if (policy.config.server.keepsPrefixesApart !== true) return;
  edits.set(SALT_MEMBER, Buffer.from(JSON.stringify(prefixSaltOf(workload, true))));
}

/** Members that a request of the messages surface marks for Anthropic's own servers. */
const MARKED_MEMBERS = ['messages', 'tools'];

/** Takes out what only Anthropic's own servers understand; how much to think is told in the model's own way. */
function editMarks(edits: BodyEdits, { mandate }: AwardedDecision, wanted: Wanted): void {
  const { body, model, surface, engine } = wanted;
  if (engine?.dialect?.member === MESSAGES_MEMBER || surface !== 'chat') return;
  const effort = mandate.injection.reasoning === null ? requestedEffort(body) : null;
  edits.set(MESSAGES_MEMBER, null);
  for (const field of MARKED_MEMBERS) {
    const value = edits.valueOf(field);
    if (value !== null) edits.set(field, withoutMarks(value));
  }
  if (effort === null || model.reasoning === 'claude') return;
  for (const { path, value } of reasoningChanges(model, effort, { surface, ceilingTokens: null })) {
    if (value !== undefined) edits.setAt(path, Buffer.from(JSON.stringify(value)));
  }
}

/** What the engine needs otherwise than OpenAI has it. */
function adaptBody(edits: BodyEdits, engine: Engine, isStream: boolean, wanted: Wanted): void {
  const changes = engine.adapt!({
    instance: wanted.instance!,
    surface: wanted.surface,
    isStream,
    outputTokens: wanted.outputTokens ?? null,
    field: (name) => edits.valueOf(name)?.toString() ?? null,
  });
  for (const { path, value } of changes) {
    if (value !== undefined) edits.setAt(path, Buffer.from(JSON.stringify(value)));
    else if (path.length === 1) edits.set(path[0]!, null);
  }
}

/** A budget of thinking is half of its ceiling at most; of a limit that counts it in, it may be all but the answer. */
const forThinking = (
  ceilingTokens: number | null,
  { isOwnLimit = false }: Wanted,
): number | null => (isOwnLimit && ceilingTokens !== null ? 2 * ceilingTokens - 2 : ceilingTokens);

function nameOf(model: Model): Buffer {
  let name = NAMES.get(model);
  if (name === undefined) {
    name = Buffer.from(JSON.stringify(model.upstreamName));
    NAMES.set(model, name);
  }
  return name;
}

function valueOf(field: InjectedField): Buffer {
  let value = FIELD_VALUES.get(field);
  if (value === undefined) {
    value = Buffer.from(field.json);
    FIELD_VALUES.set(field, value);
  }
  return value;
}

/**
 * The output ceiling: the caller's, or the policy's where it gave none, lowered to what the
 * reservation covers. Of two fields that say it, only the one that counts is left. Returns the ceiling.
 */
function editCeiling(
  edits: BodyEdits,
  { workload, mandate }: AwardedDecision,
  wanted: Wanted,
): number | null {
  const { body, ceilingTokens } = wanted;
  const own = workload.outputCeilingTokens;
  let ceiling = own ?? mandate.injection.maxOutputTokens;
  if (ceilingTokens !== null && (ceiling === null || ceilingTokens < ceiling)) {
    ceiling = ceilingTokens;
  }
  const hasNewName = body.fields.has('max_completion_tokens');
  if (hasNewName && body.fields.has('max_tokens')) edits.set('max_tokens', null);
  if (ceiling !== own && ceiling !== null) {
    edits.set(ceilingField(wanted, hasNewName), Buffer.from(String(ceiling)));
  }
  return ceiling;
}

/** OpenAI's newer models know the new name only, other servers often the old one only. */
function ceilingField({ surface, model, body }: Wanted, hasNewName: boolean): string {
  if (surface === 'responses') return 'max_output_tokens';
  const isNew =
    hasNewName ||
    (surface === 'chat' && model.reasoning === 'openai' && !body.fields.has('max_tokens'));
  return isNew ? 'max_completion_tokens' : 'max_tokens';
}

function editInjections(edits: BodyEdits, { mandate }: AwardedDecision, wanted: Wanted): void {
  const { surface, body, model } = wanted;
  if (surface === 'completions') return;
  const { systemPrompt, reasoning } = mandate.injection;
  if (systemPrompt !== null) {
    const messages = systemPromptEdit(body, systemPrompt);
    if (messages !== null)
      edits.set(surface === 'responses' ? 'instructions' : 'messages', messages);
  }
  if (reasoning === null) return;
  for (const { path, value } of reasoningChanges(model, reasoning, wanted)) {
    if (value !== undefined) edits.setAt(path, Buffer.from(JSON.stringify(value)));
    else if (body.fields.has(path[0]!)) edits.set(path[0]!, null);
  }
}
