import { FAULTS } from './fault-catalogue.ts';
import type { FaultCode, FaultEntry } from './fault-catalogue.ts';

export type { FaultCode } from './fault-catalogue.ts';

const MARK = Symbol.for('bourse.fault');

/**
 * A coded error. `code` is stable and documented in docs/reference/errors.md; `message` names the
 * place and the remedy and is safe to show to a client; `cause` is for the operator's log only.
 */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly httpStatus: number;
  /** The `type` of an OpenAI error body. */
  readonly type: string;
  readonly isRetryable: boolean;
  /** The request field or header at fault, if one is. */
  readonly param: string | null;
  /** When the same request may be tried again, where that is known; sent as `Retry-After`. */
  readonly retryAfterSeconds: number | null;
  readonly [MARK] = true;

  constructor(
    code: FaultCode,
    message: string,
    param: string | null,
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const entry: FaultEntry = FAULTS[code];
    this.name = 'Fault';
    this.code = code;
    this.httpStatus = entry.httpStatus;
    this.type = entry.type;
    this.isRetryable = entry.isRetryable;
    this.param = param;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }

  /** Recognises faults of another copy of this package too. */
  static isInstance(value: unknown): value is Fault {
    return typeof value === 'object' && value !== null && MARK in value;
  }
}

/** Builds a fault from its catalogue entry; `{name}` in the template is replaced by `details.name`. */
export function fault(
  code: FaultCode,
  details: Readonly<Record<string, string | number>> = {},
  options: {
    readonly param?: string;
    readonly cause?: unknown;
    readonly retryAfterSeconds?: number;
  } = {},
): Fault {
  const message = FAULTS[code].message.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    String(details[name] ?? whole),
  );
  return new Fault(code, message, options.param ?? null, options);
}
