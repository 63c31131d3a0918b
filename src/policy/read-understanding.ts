import { dirname, resolve } from 'node:path';
import type { UnderstandingConfig } from '../contract/index.ts';
import { buildUnderstanding } from './config/understanding.ts';
import { membersOf } from './document/raw.ts';
import { readDocument } from './document/read-document.ts';
import type { PolicyInput } from './load-policy.ts';
import { understandingSchema } from './schema/understanding.ts';

/**
 * Reads `understanding` alone, before the signals that compile the rest exist. What is wrong with it
 * counts as not written: `loadPolicy` reports it.
 */
export function readUnderstanding(
  input: Pick<PolicyInput, 'text' | 'file' | 'env'>,
): UnderstandingConfig {
  const near = (path: string): string => resolve(dirname(input.file), path);
  const given = understandingSchema.safeParse(sectionOf(input));
  const file = given.success ? given.data : understandingSchema.parse({});
  return buildUnderstanding(file, near);
}

function sectionOf({ text, env }: Pick<PolicyInput, 'text' | 'env'>): unknown {
  try {
    return membersOf(readDocument(text, env).value)['understanding'];
  } catch {
    return undefined;
  }
}
