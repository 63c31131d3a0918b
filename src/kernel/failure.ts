import { Fault, fault } from './fault.ts';
import type { FaultCode } from './fault.ts';

/** An error as it crosses threads and processes: plain data, since classes do not survive cloning. */
export interface Failure {
  readonly code: FaultCode | null;
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  return {
    code: Fault.isInstance(error) ? error.code : null,
    message: error instanceof Error ? error.message : String(error),
  };
}

/** The fault that the other side met; an error that was none stays out of the message. */
export function faultFrom({ code, message }: Failure): Fault {
  return code === null
    ? fault('BRS_INTERNAL', {}, { cause: new Error(message) })
    : new Fault(code, message, null);
}
