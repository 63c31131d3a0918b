import type {
  AnswerInfo,
  AwardedDecision,
  Bid,
  ChatDialect,
  Engine,
  EngineFeatures,
  Instance,
  InstanceState,
  Surface,
  UpstreamCall,
} from '../contract/index.ts';
import { fault } from '../kernel/index.ts';
import { StreamSplice, overrunOf } from '../wire/index.ts';
import type { Overrun } from '../wire/index.ts';
import { EVENT_STREAM, openTap } from './answer-tap.ts';
import type { Attempt } from './attempt.ts';
import type { AnswerTap, SpokenStream } from './answer-tap.ts';
import type { PartLimit } from './part-limit.ts';
import { SentEvents } from './sent-events.ts';
import { openTranslation } from './translation.ts';
import type { Translation } from './translation.ts';
import { upstreamBody } from './upstream-body.ts';

/** A request to one instance, and how its answer is to be read. */
export interface PreparedCall {
  readonly call: UpstreamCall;
  /** Null where the answer is not streamed. */
  readonly tap: AnswerTap | null;
  /** Null where the instance speaks the client's own surface. */
  readonly translation: Translation | null;
  /** The form of the instance's answers; null: OpenAI's own. */
  readonly dialect: SpokenDialect | null;
  /** Null where no limit of the exchange's own is set. */
  readonly limit: PreparedLimit | null;
}

/** A limit of the exchange's own, and what becomes of an answer that it cuts. */
export interface PreparedLimit extends PartLimit {
  readonly overrun: Overrun;
  /** The surface that the instance is spoken to on. */
  readonly surface: Surface;
}

/** A form of its own that the instance is spoken to in. */
export interface SpokenDialect extends AnswerInfo {
  readonly form: ChatDialect;
}

/** What is known of the instance that the call goes to. */
interface Target {
  readonly engine: Engine;
  readonly state: InstanceState | undefined;
  readonly ceilingTokens: number | null;
  /** What the exchange itself sets; null: nothing. */
  readonly limitTokens: number | null;
  /** The expected length of the answer; unset: nobody knows. */
  readonly outputTokens?: number | null;
  /** Somebody could go on with a stream that breaks off. */
  readonly hasHeir?: boolean;
}

/** A further part of an answer. */
export interface FurtherPart {
  /** The answer so far, to go on with; null: it begins anew. */
  readonly text: string | null;
  /** The tap of the part before; null where the answer is not streamed. */
  readonly tap: AnswerTap | null;
}

const NO_FEATURES: EngineFeatures = { hasResponses: false };
/** An instance is immutable and replaced on reload: its headers are made once. */
const HEADERS = new WeakMap<Instance, Readonly<Record<string, string>>>();

/**
 * Path, headers and bytes of one attempt. A responses request goes as it is to an engine that has
 * that surface, and as chat completions to one that has not. Throws a fault where the request
 * cannot be put to this instance.
 */
export function prepareCall(
  decision: AwardedDecision,
  instance: Instance,
  target: Target,
  further: FurtherPart | null = null,
): PreparedCall {
  const { workload } = decision;
  const { surface, isStream } = workload;
  const { engine, ceilingTokens } = target;
  const features = target.state?.features ?? NO_FEATURES;
  const ownPath = engine.path(surface, features, instance);
  const path =
    ownPath ?? (surface === 'responses' ? engine.path('chat', features, instance) : null);
  if (path === null) {
    const reason = `it has no ${surface} surface`;
    throw fault('BRS_UPSTREAM_PROTOCOL', { instance: instance.id, reason });
  }
  const translation = ownPath === null ? openTranslation(decision) : null;
  const spoken = translation === null ? surface : 'chat';
  const limit = target.limitTokens === null ? null : limitOf(decision, instance, target, spoken);
  const chat = upstreamBody(decision, {
    model: instance.model,
    instance,
    engine,
    outputTokens: target.outputTokens ?? null,
    surface: spoken,
    body: translation === null ? workload.body : translation.request,
    ceilingTokens:
      limit === null ? ceilingTokens : Math.min(limit.tokens, ceilingTokens ?? Infinity),
    isOwnLimit: limit !== null,
    begunText: further?.text ?? null,
  });
  const dialect = spoken === 'chat' ? dialectOf(engine, decision) : null;
  const own = dialect === null ? null : dialect.form.request(chat, instance);
  const headers = headersOf(engine, instance);
  const call = {
    instance,
    path,
    body: own === null ? chat : own.body,
    headers: own?.headers === undefined ? headers : { ...headers, ...own.headers },
    isStream,
  };
  const sent = target.hasHeir === true && limit === null ? new SentEvents(spoken) : null;
  const tap = isStream ? tapFor(decision, translation, { limit, sent }, further) : null;
  if (tap !== null && dialect !== null) tap.speak(openSpoken(dialect));
  return { call, tap, translation, dialect, limit };
}

function dialectOf({ dialect }: Engine, { workload }: AwardedDecision): SpokenDialect | null {
  if (dialect === undefined) return null;
  const createdAtSeconds = Math.floor(workload.receivedAtMs / 1000);
  return { form: dialect, id: workload.id, createdAtSeconds };
}

/** Null where a cut answer could not be made whole. */
function limitOf(
  { workload, mandate }: AwardedDecision,
  { model }: Instance,
  { engine, limitTokens }: Target,
  surface: Surface,
): PreparedLimit | null {
  const overrun = overrunOf({
    body: workload.body,
    isStream: workload.isStream,
    surface,
    model,
    effort: mandate.injection.reasoning,
    continuesChat: engine.continuesChat === true,
  });
  if (overrun === null || limitTokens === null) return null;
  const { contextWindowTokens } = model;
  return { tokens: limitTokens, contextWindowTokens, overrun, surface };
}

function tapFor(
  { workload }: AwardedDecision,
  translation: Translation | null,
  { limit, sent }: { readonly limit: PreparedLimit | null; readonly sent: SentEvents | null },
  further: FurtherPart | null,
): AnswerTap {
  const before = further?.tap ?? null;
  if (before !== null) return before.forNextPart(limit);
  const splice = limit === null ? null : new StreamSplice(limit.surface);
  const limited = splice === null ? null : { splice, part: limit };
  return openTap(workload, translation, { limited, sent });
}

const openSpoken = (dialect: SpokenDialect): SpokenStream => ({
  type: dialect.form.streamType,
  stream: dialect.form.openStream(dialect),
});

function headersOf(engine: Engine, instance: Instance): Readonly<Record<string, string>> {
  let headers = HEADERS.get(instance);
  if (headers === undefined) {
    headers = engine.headers(instance);
    HEADERS.set(instance, headers);
  }
  return headers;
}

/** A whole answer, or what the instance says of a bad request, as chat completions have it. */
export function chatBody({ dialect }: PreparedCall, status: number, body: Buffer): Buffer {
  if (dialect === null) return body;
  return status < 300 ? dialect.form.answer(body, dialect) : dialect.form.error(body);
}

/** As the instance gave it; a stream in a form of its own goes on as events. */
export function contentTypeOf({ headers, tap }: Attempt, isStream: boolean): string {
  const given = headers['content-type'] ?? 'application/json';
  return isStream && tap !== null && !given.startsWith(EVENT_STREAM) ? EVENT_STREAM : given;
}

/** Vectors of two models do not compare: an embedding never comes from another model than the winner's. */
export function mayServe({ workload, result }: AwardedDecision, { instance }: Bid): boolean {
  return (
    workload.surface !== 'embeddings' || instance.model.id === result.ranked[0]!.instance.model.id
  );
}
