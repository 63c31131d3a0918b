import type { FastifyRequest } from 'fastify';
import { fault } from '../../kernel/index.ts';
import { isSameDigest, presentedKey, sha256Hex } from '../authentication.ts';
import { isForeignPage } from '../loopback.ts';

/** What guards the admin API, read per request so that a reload takes effect. */
export interface AdminGuard {
  readonly host: string;
  readonly keySha256: string | null;
}

const OPEN_PATH = '/health';

/** Throws the fault that keeps a request out: a web page's, one without the key, a write that is not JSON. */
export function assertMayEnter(request: FastifyRequest, guard: AdminGuard): void {
  if (isForeignPage(request.headers, guard.host)) {
    throw fault('BRS_FORBIDDEN', {
      reason: 'The admin API answers neither other web sites nor a foreign Host header',
    });
  }
  if (request.url === OPEN_PATH) return;
  if (guard.keySha256 !== null) assertKey(request, guard.keySha256);
  assertJsonWrite(request);
}

function assertKey(request: FastifyRequest, expected: string): void {
  const key = presentedKey(request.headers);
  if (key === null) throw fault('BRS_KEY_MISSING');
  if (!isSameDigest(sha256Hex(key), Buffer.from(expected.toLowerCase(), 'latin1'))) {
    throw fault('BRS_KEY_INVALID');
  }
}

/**
 * A plain HTML form can send POST, but not this content type; PUT and DELETE from another site fail
 * their preflight, since no CORS header is ever sent.
 */
function assertJsonWrite(request: FastifyRequest): void {
  if (request.method !== 'POST' && request.method !== 'PUT') return;
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw fault('BRS_CONTENT_TYPE', { expected: 'application/json' });
  }
}
