import { fault } from './fault.ts';

/**
 * Guards an invariant of the program itself, never input. A broken one fails the request that met
 * it with `BRS_INVARIANT`, not the process.
 */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw fault('BRS_INVARIANT', { invariant });
}

/** Marks a branch that the type system proves unreachable. */
export function unreachable(value: never): never {
  throw fault('BRS_INVARIANT', { invariant: `unreachable: ${JSON.stringify(value)}` });
}
