import type {
  AwardedDecision,
  Engine,
  EngineFeatures,
  Instance,
  InstanceState,
  UpstreamCall,
} from '../contract/index.ts';
import { fault } from '../kernel/index.ts';
import { openTap } from './answer-tap.ts';
import type { AnswerTap } from './answer-tap.ts';
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
}

/** What is known of the instance that the call goes to. */
interface Target {
  readonly engine: Engine;
  readonly state: InstanceState | undefined;
  readonly ceilingTokens: number | null;
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
  { engine, state, ceilingTokens }: Target,
): PreparedCall {
  const { workload } = decision;
  const { surface, isStream } = workload;
  const features = state?.features ?? NO_FEATURES;
  const ownPath = engine.path(surface, features);
  const path = ownPath ?? (surface === 'responses' ? engine.path('chat', features) : null);
  if (path === null) {
    const reason = `it has no ${surface} surface`;
    throw fault('BRS_UPSTREAM_PROTOCOL', { instance: instance.id, reason });
  }
  const translation = ownPath === null ? openTranslation(decision) : null;
  const body = upstreamBody(decision, {
    model: instance.model,
    surface: translation === null ? surface : 'chat',
    body: translation === null ? workload.body : translation.request,
    ceilingTokens,
  });
  const call = { instance, path, body, headers: headersOf(engine, instance), isStream };
  const tap = isStream ? openTap(workload, translation) : null;
  return { call, tap, translation };
}

function headersOf(engine: Engine, instance: Instance): Readonly<Record<string, string>> {
  let headers = HEADERS.get(instance);
  if (headers === undefined) {
    headers = engine.headers(instance);
    HEADERS.set(instance, headers);
  }
  return headers;
}
