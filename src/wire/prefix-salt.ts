import type { Workload } from '../contract/index.ts';
import { QUOTE } from './json-text.ts';
import { readString } from './read-field.ts';

/** The member of a request that tells an engine with whom its prompt may share KV memory. */
export const SALT_MEMBER = 'cache_salt';

/**
 * With whom the prompt of a request shares KV memory; null: with all that say nothing. Where tenants are kept
 * apart, a client's own salt tells its requests from others of its tenant only: the length keeps the two apart.
 */
export function prefixSaltOf(
  { body, caller: { tenant } }: Pick<Workload, 'body' | 'caller'>,
  isApart: boolean,
): string | null {
  const span = body.fields.get(SALT_MEMBER);
  const isText = span !== undefined && body.bytes[span.start] === QUOTE;
  const own = isText ? readString(body, SALT_MEMBER) : null;
  return isApart ? `${tenant.length}|${tenant}${own ?? ''}` : own;
}
