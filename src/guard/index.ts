/**
 * Guard: inspects an answer while it flows. Enters the sink of the client, leaves a sink that the
 * guards stand before. A mandate without guards leaves the sink as it is: the identity, at no cost.
 */
import type { OpenGuard, ResponseSink } from '../contract/index.ts';

export const openNoGuard: OpenGuard = () => null;

/** Puts the guards of the mandate, if any, between the attempts and the client's sink. */
export function guardSink(guard: ReturnType<OpenGuard>, sink: ResponseSink): ResponseSink {
  if (guard === null) return sink;
  return {
    onStart: (status, headers, flow) => sink.onStart(status, headers, flow),
    onData: (chunk) => {
      const inspected = guard.onData(chunk);
      return inspected === null || sink.onData(inspected);
    },
    onEnd: () => {
      const rest = guard.onEnd();
      if (rest !== null) sink.onData(rest);
      sink.onEnd();
    },
    onError: (error) => sink.onError(error),
  };
}
