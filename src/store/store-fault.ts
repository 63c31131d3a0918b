import { Fault, fault } from '../kernel/index.ts';

/** Runs `work`; what SQLite throws comes out as `BRS_STORE`, in SQLite's words (which name no path). */
export function storeFault<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (Fault.isInstance(error)) throw error;
    const reason = error instanceof Error ? error.message : 'unknown error';
    throw fault('BRS_STORE', { reason }, { cause: error });
  }
}
