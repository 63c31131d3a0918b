import { LEASE_MS } from './lead-ends.ts';
import type { PostgresQuerying } from './postgres-package.ts';
import { SERVER_MS } from './postgres-rows.ts';

/** Takes the lead where nobody has it, or whoever had it has not ended it in time. */
export async function takeLead(
  client: PostgresQuerying,
  digest: string,
  token: string,
): Promise<boolean> {
  const { rows } = await client.query(
    `INSERT INTO bourse_cache_leads AS held (digest, token, ends_at_ms)
     VALUES (decode($1, 'hex'), $2, ${SERVER_MS} + ${LEASE_MS})
     ON CONFLICT (digest) DO UPDATE SET token = EXCLUDED.token, ends_at_ms = EXCLUDED.ends_at_ms
       WHERE held.ends_at_ms <= ${SERVER_MS}
     RETURNING 1 AS taken`,
    [digest, token],
  );
  return rows.length > 0;
}

export async function standsLead(client: PostgresQuerying, digest: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT FROM bourse_cache_leads WHERE digest = decode($1, 'hex') AND ends_at_ms > ${SERVER_MS}`,
    [digest],
  );
  return rows.length > 0;
}

/** Ends a lead that is still its holder's, and says so. */
export async function endLead(
  client: PostgresQuerying,
  lead: {
    readonly digest: string;
    readonly token: string;
    readonly channel: string;
    readonly word: string;
  },
): Promise<void> {
  const { digest, token, channel, word } = lead;
  await client.query(
    `WITH ended AS (
       DELETE FROM bourse_cache_leads WHERE digest = decode($1, 'hex') AND token = $2 RETURNING 1)
     SELECT pg_notify($3, $4) FROM ended`,
    [digest, token, channel, word],
  );
}
