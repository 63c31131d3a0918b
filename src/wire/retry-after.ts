/** A server that asks for more than a day is asked again in a day. */
const RETRY_AFTER_MS_MAX = 86_400_000;

const DECIMAL = /^\d{1,9}(\.\d{1,3})?$/;
/** As servers must write it (RFC 9110, 5.6.7), for example `Sun, 06 Nov 1994 08:49:37 GMT`. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How long a server asks to be left alone, in milliseconds; null where it does not say, or says it in no
 * form that is known. It is told in milliseconds (`retry-after-ms`, as OpenAI and Azure have it), in
 * seconds, or as a date, which is read by the server's own clock where the head tells it: the clocks of
 * two machines do not compare.
 */
export function readRetryAfter(headers: Readonly<Record<string, string>>): number | null {
  const value = headers['retry-after'];
  const told = readWait(headers['retry-after-ms'], 1) ?? readWait(value, 1000);
  if (told !== null || value === undefined || !HTTP_DATE.test(value)) return told;
  const waitMs = Date.parse(value) - Date.parse(headers['date'] ?? '');
  return waitMs >= 0 ? Math.min(waitMs, RETRY_AFTER_MS_MAX) : null;
}

function readWait(value: string | undefined, unitMs: number): number | null {
  if (value === undefined || !DECIMAL.test(value)) return null;
  return Math.min(Number(value) * unitMs, RETRY_AFTER_MS_MAX);
}
