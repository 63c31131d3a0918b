/**
 * Attempts: does what was decided. Enters a decision with its ranking and the client's sink; leaves
 * one answer on that sink and what it came to. Dispatches down the ranking until an instance serves,
 * keeps every deadline, and counts what was used. It never re-ranks, never asks an instance that the
 * ranking does not hold, and never lets a failure before the first token reach the client while
 * another instance is left.
 */
import type {
  BourseEvent,
  Breakers,
  Engine,
  FleetSnapshot,
  RunAttempts,
  Upstream,
} from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import { Serving } from './serving.ts';
import type { ServingTools } from './serving.ts';
import { assertTerminalOnce } from './terminal-once.ts';

export interface AttemptsOptions {
  readonly upstream: Upstream;
  readonly engines: readonly Engine[];
  readonly breakers: Breakers;
  readonly clock: Clock;
  readonly onEvent: (event: BourseEvent) => void;
  readonly fleet?: () => FleetSnapshot;
}

export function createAttempts(options: AttemptsOptions): RunAttempts {
  const tools: ServingTools = {
    ...options,
    engines: new Map(options.engines.map((engine) => [engine.kind, engine])),
  };
  return (decision, ceiling, sink, onDone) => {
    const client = { sink: assertTerminalOnce(sink), ceiling, onDone };
    const serving = new Serving(tools, decision, client);
    serving.proceed();
    return serving;
  };
}
