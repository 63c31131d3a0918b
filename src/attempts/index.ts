/**
 * Attempts: does what was decided. Enters a decision with its ranking and the client's sink; leaves
 * one answer on that sink and what it came to. Dispatches down the ranking until an instance serves,
 * keeps every deadline, and counts what was used. It never re-ranks, never asks an instance that the
 * ranking does not hold, and never lets a failure before the first token reach the client while
 * another instance is left.
 */
import type {
  AwardedDecision,
  BourseEvent,
  Breakers,
  Engine,
  FleetSnapshot,
  PayOwner,
  RunAttempts,
  Upstream,
} from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import { stepsOf } from '../estimate/index.ts';
import { Cascade } from './cascade.ts';
import { Hedge } from './hedge.ts';
import { HedgeShare } from './hedge-share.ts';
import { mayRepeat } from './repeatable.ts';
import { Serving } from './serving.ts';
import type { Client, ServingTools } from './serving-tools.ts';
import { assertTerminalOnce } from './terminal-once.ts';

export { prepareCall } from './prepared-call.ts';

export interface AttemptsOptions {
  readonly upstream: Upstream;
  readonly engines: readonly Engine[];
  readonly breakers: Breakers;
  readonly clock: Clock;
  readonly onEvent: (event: BourseEvent) => void;
  readonly fleet?: () => FleetSnapshot;
  readonly pay?: PayOwner;
  readonly requote?: NonNullable<ServingTools['requote']>;
  readonly beliefs?: NonNullable<ServingTools['beliefs']>;
}

export function createAttempts(options: AttemptsOptions): RunAttempts {
  const shares = new HedgeShare();
  const tools: ServingTools = {
    ...options,
    engines: new Map(options.engines.map((engine) => [engine.kind, engine])),
  };
  return (decision, ceiling, sink, onDone) => {
    const client = { sink: assertTerminalOnce(sink), ceiling, onDone };
    const { cascade, hedge } = decision.mandate;
    const serving =
      cascade !== undefined || hedge !== undefined
        ? openSeveral(tools, decision, client, shares)
        : new Serving(tools, decision, client);
    serving.proceed();
    return serving;
  };
}

/** A cascade or a hedge, where the request may be asked twice and there is somebody to ask. */
function openSeveral(
  tools: ServingTools,
  decision: AwardedDecision,
  client: Client,
  shares: HedgeShare,
): Serving | Cascade | Hedge {
  const { mandate, result, workload } = decision;
  const { cascade, hedge } = mandate;
  if (result.ranked.length > 0 && mayRepeat(workload)) {
    const steps = cascade === undefined ? [] : stepsOf(cascade, result.ranked, mandate.objective);
    if (steps.length > 0) return new Cascade(tools, decision, client, steps);
    if (hedge !== undefined && result.ranked.length > 1) {
      return new Hedge(tools, decision, client, shares);
    }
  }
  return new Serving(tools, decision, client);
}
