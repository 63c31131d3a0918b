import { Fault, fault, isPromise } from './kernel/index.ts';
import type { Clock, MaybeAsync } from './kernel/index.ts';
import { isRefusal } from './contract/index.ts';
import type { Decision, FlowController, FlowRelay, Observer, ResponseSink } from './contract/index.ts';

/** Wraps a stage so that the observer hears how long it took; a slow stage is timed until it settles. */
export function observed<A extends readonly unknown[], R>(
  name: string,
  stage: (...args: A) => R,
  observer: Observer,
  clock: Clock,
): (...args: A) => R {
  return (...args) => {
    const startedMs = clock.monotonicMs();
    const result = stage(...args);
    if (result instanceof Promise) {
      const done = (): void => observer.stage(name, (clock.monotonicMs() - startedMs) * 1000);
      result.then(done, done);
    } else {
      observer.stage(name, (clock.monotonicMs() - startedMs) * 1000);
    }
    return result;
  };
}

/** Remembers what the client asked for until there is a flow to ask. */
export function createRelay(): FlowRelay {
  return new Relay();
}

class Relay implements FlowRelay {
  #flow: FlowController | null = null;
  #isPaused = false;
  #isAborted = false;

  attach(flow: FlowController): void {
    this.#flow = flow;
    if (this.#isAborted) flow.abort();
    else if (this.#isPaused) flow.pause();
  }

  pause(): void {
    this.#isPaused = true;
    this.#flow?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#flow?.resume();
  }

  abort(): void {
    this.#isAborted = true;
    this.#flow?.abort();
  }
}

const NO_FLOW: FlowController = { pause: () => {}, resume: () => {}, abort: () => {} };

/** Ends the request with the refusal, as a fault of the catalogue. */
export function refuse(decision: Decision, client: ResponseSink): FlowController {
  const { result } = decision;
  client.onError(
    isRefusal(result)
      ? new Fault(result.code, result.message, null)
      : fault('BRS_INVARIANT', { invariant: 'only refusals are refused' }),
  );
  return NO_FLOW;
}

/** Runs a stretch of the director; what it throws or rejects with is the client's terminal event. */
export function guarded(work: () => MaybeAsync<void>, client: ResponseSink): void {
  const fail = (error: unknown): void =>
    client.onError(Fault.isInstance(error) ? error : fault('BRS_INTERNAL', {}, { cause: error }));
  try {
    const running = work();
    if (isPromise(running)) running.catch(fail);
  } catch (error) {
    fail(error);
  }
}

