import type {
  AwardedDecision,
  Bid,
  CascadePlan,
  InjectedField,
  Mandate,
  Surface,
  Workload,
} from '../contract/index.ts';
import { chatFromResponses, readBoolean, scanBody, selfCheckBody } from '../wire/index.ts';
import { SMALLEST_BYTES_PER_TOKEN } from '../text/index.ts';
import { offeredBody } from './offered-tools.ts';

const CHAT_LOGPROBS: InjectedField = { path: ['logprobs'], json: 'true' };
/** With 0, some servers tell of none. */
const COMPLETION_LOGPROBS: InjectedField = { path: ['logprobs'], json: '1' };
const CHECK_TOKENS_MAX = 4;

/** The member that asks for log-probabilities; null where the surface has none, or the client asks itself. */
export function logprobsField(
  { surface, body }: Workload,
  { confidence }: CascadePlan,
): InjectedField | null {
  if (confidence === null || confidence === 'selfCheck') return null;
  if (surface === 'chat') return isAsked(body) ? null : CHAT_LOGPROBS;
  if (surface !== 'completions') return null;
  const span = body.fields.get('logprobs');
  const first = span === undefined ? undefined : body.bytes[span.start];
  return first !== undefined && first >= 0x30 && first <= 0x39 ? null : COMPLETION_LOGPROBS;
}

function isAsked(body: Workload['body']): boolean {
  try {
    return readBoolean(body, 'logprobs') === true;
  } catch {
    // The instance will say what is wrong with it.
    return true;
  }
}

/** The decision that one step carries out: the bids of its model, and nothing more to check. */
export function stepDecision(
  decision: AwardedDecision,
  bids: readonly Bid[],
  change: {
    readonly effort: Mandate['injection']['reasoning'];
    readonly field: InjectedField | null;
  },
): AwardedDecision {
  const { cascade: _cascade, hedge: _hedge, ...mandate } = decision.mandate;
  const { injection } = mandate;
  const { effort, field } = change;
  const isSet = injection.fields.some(({ path }) => path[0] === 'logprobs');
  const changed = {
    ...injection,
    reasoning: effort ?? injection.reasoning,
    fields: field === null || isSet ? injection.fields : [...injection.fields, field],
  };
  return {
    ...decision,
    mandate: { ...mandate, injection: changed },
    result: { ...decision.result, ranked: bids },
  };
}

/** The decision that asks whether an answer is right; null where the request cannot be asked back to. */
export function checkDecision(
  decision: AwardedDecision,
  bids: readonly Bid[],
  answer: string,
): AwardedDecision | null {
  const { workload } = decision;
  const surface: Surface = workload.surface === 'completions' ? 'completions' : 'chat';
  let bytes: Buffer | null;
  try {
    const asked =
      workload.surface === 'responses'
        ? scanBody(chatFromResponses(offeredBody(decision)))
        : workload.body;
    bytes = selfCheckBody(asked, surface, answer);
  } catch {
    return null;
  }
  if (bytes === null) return null;
  const { injection } = decision.mandate;
  const plain = stepDecision(decision, bids, { effort: 'off', field: null });
  const unset = { ...injection, reasoning: 'off', fields: [], maxOutputTokens: null } as const;
  return {
    ...plain,
    mandate: { ...plain.mandate, tools: null, injection: unset },
    workload: checkWorkload(workload, bytes, surface),
  };
}

function checkWorkload(workload: Workload, bytes: Buffer, surface: Surface): Workload {
  const grown = Math.max(0, bytes.length - workload.body.bytes.length);
  return {
    id: workload.id,
    surface,
    caller: workload.caller,
    body: scanBody(bytes),
    receivedAtMs: workload.receivedAtMs,
    startedMs: workload.startedMs,
    requestedModel: 'auto',
    isStream: false,
    wantsStreamUsage: false,
    user: workload.user,
    session: workload.session,
    outputCeilingTokens: CHECK_TOKENS_MAX,
    choices: 1,
    preferences: workload.preferences,
    header: () => undefined,
    promptBytes: workload.promptBytes + grown,
    promptTokensBound: workload.promptTokensBound + Math.ceil(grown / SMALLEST_BYTES_PER_TOKEN),
    messages: () => workload.messages(),
    lastUserText: () => workload.lastUserText(),
    toolCount: () => 0,
    tools: () => [],
    isInToolLoop: () => false,
    modality: () => workload.modality(),
    archetype: () => workload.archetype(),
  };
}
