import type { FixedAnswer } from '../../contract/index.ts';
import type { PolicyFile } from '../schema/index.ts';

/** The answer of a route that asks no model; null where one is asked. */
export function fixedAnswerOf(
  written: PolicyFile['routes'][number]['use']['answer'],
): FixedAnswer | null {
  if (written === undefined) return null;
  const { text, refuse, redirect } = written;
  if (refuse !== undefined) return { kind: 'refusal', text: refuse, url: null };
  if (redirect === undefined) return { kind: 'text', text: text ?? '', url: null };
  return { kind: 'text', text: `${redirect.text} ${redirect.url}`, url: redirect.url };
}
