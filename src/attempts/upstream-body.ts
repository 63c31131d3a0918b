import { spliceBody, systemPromptEdit } from '../wire/index.ts';
import type { AwardedDecision, Model, RequestBody, Surface } from '../contract/index.ts';
import { merged, reasoningEdit } from './reasoning.ts';

type Edits = Map<string, Buffer | null>;

const NAMES = new WeakMap<Model, Buffer>();

/** What one attempt asks of one model, on the surface that the instance is spoken to on. */
interface Wanted {
  readonly model: Model;
  readonly surface: Surface;
  /** The bytes to edit: the client's own, or their translation. */
  readonly body: RequestBody;
  readonly ceilingTokens: number | null;
}

/**
 * The bytes for one attempt: the original ones with the fields spliced in that this model needs,
 * or the original ones themselves where none does. Never a re-serialisation.
 */
export function upstreamBody(decision: AwardedDecision, wanted: Wanted): Buffer {
  const { workload, mandate } = decision;
  const { model, surface, body } = wanted;
  const edits: Edits = new Map();
  if (workload.requestedModel !== model.upstreamName) edits.set('model', nameOf(model));
  if (body.fields.has('bourse')) edits.set('bourse', null);
  if (surface !== 'embeddings') {
    editCeiling(edits, decision, wanted);
    if (workload.isStream && surface !== 'responses' && !workload.wantsStreamUsage) {
      const { field, value } = merged(body, 'stream_options', { include_usage: true });
      edits.set(field, value);
    }
    const { systemPrompt, reasoning } = mandate.injection;
    if (systemPrompt !== null || reasoning !== null) editInjections(edits, decision, wanted);
  }
  return edits.size === 0 ? body.bytes : spliceBody(body, edits);
}

function nameOf(model: Model): Buffer {
  let name = NAMES.get(model);
  if (name === undefined) {
    name = Buffer.from(JSON.stringify(model.upstreamName));
    NAMES.set(model, name);
  }
  return name;
}

/**
 * The output ceiling: the caller's, or the policy's where it gave none, lowered to what the
 * reservation covers. Of two fields that say it, only the one that counts is left.
 */
function editCeiling(edits: Edits, { workload, mandate }: AwardedDecision, wanted: Wanted): void {
  const { body, ceilingTokens } = wanted;
  const own = workload.outputCeilingTokens;
  let ceiling = own ?? mandate.injection.maxOutputTokens;
  if (ceilingTokens !== null && (ceiling === null || ceilingTokens < ceiling)) {
    ceiling = ceilingTokens;
  }
  const hasNewName = body.fields.has('max_completion_tokens');
  if (hasNewName && body.fields.has('max_tokens')) edits.set('max_tokens', null);
  if (ceiling === own || ceiling === null) return;
  edits.set(ceilingField(wanted, hasNewName), Buffer.from(String(ceiling)));
}

/** OpenAI's newer models know the new name only, other servers often the old one only. */
function ceilingField({ surface, model, body }: Wanted, hasNewName: boolean): string {
  if (surface === 'responses') return 'max_output_tokens';
  const isNew =
    hasNewName ||
    (surface === 'chat' && model.reasoning === 'openai' && !body.fields.has('max_tokens'));
  return isNew ? 'max_completion_tokens' : 'max_tokens';
}

function editInjections(edits: Edits, { mandate }: AwardedDecision, wanted: Wanted): void {
  const { surface, body, model } = wanted;
  if (surface === 'completions') return;
  const { systemPrompt, reasoning } = mandate.injection;
  if (systemPrompt !== null) {
    const messages = systemPromptEdit(body, systemPrompt);
    if (messages !== null)
      edits.set(surface === 'responses' ? 'instructions' : 'messages', messages);
  }
  if (reasoning !== null && model.reasoning !== null) {
    const edit = reasoningEdit(model.reasoning, reasoning, body, surface === 'responses');
    if (edit !== null) edits.set(edit.field, edit.value);
  }
}
