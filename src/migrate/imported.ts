import type { PolicyDraft } from './draft/policy-draft.ts';
import { writePolicy } from './draft/write-policy.ts';
import type { NotCarried } from './foreign/not-carried.ts';

export interface ImportOptions {
  /** What the file is called, for the comment at the top. */
  readonly source: string;
  /** The SHA-256 of a text, in hexadecimal. */
  readonly sha256: (text: string) => string;
}

export interface Imported {
  /** The text of a policy file. */
  readonly policy: string;
  /** In the order of the foreign file. */
  readonly notCarried: readonly NotCarried[];
}

export function finish(
  draft: PolicyDraft,
  source: string,
  notCarried: readonly NotCarried[],
): Imported {
  return { policy: writePolicy(draft, source, notCarried), notCarried };
}
