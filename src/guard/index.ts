/**
 * Guard: inspects an answer while it flows. Enters the sink of the client, leaves a sink that the
 * guards stand before. A mandate without guards leaves the sink as it is: the identity, at no cost.
 */
import type {
  BourseEvent,
  Guard,
  Mandate,
  ResponseSink,
  RunAttempts,
  Workload,
} from '../contract/index.ts';
import { ChatFilter } from './chat-filter.ts';
import { GuardedSink } from './guarded-sink.ts';
import { ResponsesFilter } from './responses-filter.ts';
import { StreamGuard } from './stream-guard.ts';
import { ToolJudge } from './tool-judge.ts';
import { WholeGuard } from './whole-guard.ts';

/** The guard of a request's answer; null where its mandate asks for none. */
export function openGuard(
  { tools }: Pick<Mandate, 'tools'>,
  workload: Pick<Workload, 'id' | 'body' | 'surface' | 'isStream' | 'choices'>,
  onEvent: (event: BourseEvent) => void,
): Guard | null {
  const judge = ToolJudge.of(tools, workload, onEvent);
  if (judge === null) return null;
  const { surface, isStream, choices } = workload;
  if (!isStream) return new WholeGuard(judge);
  return new StreamGuard(
    surface === 'responses' ? new ResponsesFilter(judge) : new ChatFilter(judge, choices),
  );
}

/** Puts a guard, if any, between the attempts and the client's sink. */
export function guardSink(guard: Guard | null, sink: ResponseSink): ResponseSink {
  return guard === null ? sink : new GuardedSink(guard, sink);
}

/** Attempts behind guards: what they came to is told as the client saw it. */
export function behindGuards(run: RunAttempts): RunAttempts {
  return (decision, reservation, sink, onDone) =>
    sink instanceof GuardedSink
      ? run(decision, reservation, sink, (result) => onDone(sink.asSeen(result)))
      : run(decision, reservation, sink, onDone);
}
