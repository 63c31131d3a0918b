import { hash, timingSafeEqual } from 'node:crypto';
import { Fault, fault } from '../kernel/index.ts';
import type { KeyId, TenantId } from '../kernel/index.ts';
import type { Caller, KeyConfig } from '../contract/index.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The tenant of everybody while no keys are configured. */
const ANONYMOUS: Caller = {
  tenant: 'default' as TenantId,
  key: 'anonymous' as KeyId,
  roles: [],
};

/** A key longer than this is not hashed: no key that anybody configured is. */
const KEY_CHARACTERS_MAX = 512;
const DIGEST_CHARACTERS = 64;

export interface KeyRing {
  /** False: everybody is the anonymous caller. */
  readonly isRequired: boolean;
  readonly callers: ReadonlyMap<string, KeyHolder>;
}

interface KeyHolder {
  readonly digest: Buffer;
  readonly caller: Caller;
}

/** The configured keys by digest. The keys themselves are known to nobody but their owners. */
export function createKeyRing(keys: readonly KeyConfig[], isRequired: boolean): KeyRing {
  const callers = new Map<string, KeyHolder>();
  for (const { id, tenant, sha256, roles } of keys) {
    const digest = sha256.toLowerCase();
    const caller: Caller = { tenant, key: id, roles };
    callers.set(digest, { digest: Buffer.from(digest, 'latin1'), caller });
  }
  return { isRequired: isRequired || callers.size > 0, callers };
}

const ADMITTED = Symbol('admitted');

/** What a connection was let in with last. */
interface Admitted {
  readonly key: string;
  readonly ring: KeyRing;
  readonly caller: Caller;
}

/**
 * A client's connection. It carries the key that it was let in with last for as long as it is open, since
 * a hash per request costs more than everything else at the door.
 */
export interface Connection {
  [ADMITTED]?: Admitted;
}

/** Who asks. The fault says whether a key was missing or unknown, and never repeats it. */
export function authenticate(
  headers: Headers,
  ring: KeyRing,
  connection: Connection,
): Caller | Fault {
  if (!ring.isRequired) return ANONYMOUS;
  const key = presentedKey(headers);
  if (key === null) return fault('BRS_KEY_MISSING');
  const admitted = connection[ADMITTED];
  if (admitted !== undefined && admitted.ring === ring && isSameKey(key, admitted.key)) {
    return admitted.caller;
  }
  const caller = callerOf(key, ring);
  if (!(caller instanceof Fault)) connection[ADMITTED] = { key, ring, caller };
  return caller;
}

/**
 * Whether a connection presents the key that it was let in with. A key is never compared with that of
 * another connection, but a proxy may send many clients over one: so the time tells the length alone.
 */
function isSameKey(key: string, admitted: string): boolean {
  if (key.length !== admitted.length) return false;
  let difference = 0;
  for (let i = 0; i < key.length; i++) difference |= key.charCodeAt(i) ^ admitted.charCodeAt(i);
  return difference === 0;
}

function callerOf(key: string, ring: KeyRing): Caller | Fault {
  if (key.length > KEY_CHARACTERS_MAX) return fault('BRS_KEY_INVALID');
  const digest = sha256Hex(key);
  const holder = ring.callers.get(digest);
  if (holder === undefined || !isSameDigest(digest, holder.digest)) return fault('BRS_KEY_INVALID');
  return holder.caller;
}

/** The key in `Authorization: Bearer`, `x-api-key` or `api-key`, in this order. */
export function presentedKey(headers: Headers): string | null {
  const { authorization } = headers;
  if (typeof authorization === 'string' && authorization.length > 7) {
    const scheme = authorization.slice(0, 7);
    if (scheme === 'Bearer ' || scheme.toLowerCase() === 'bearer ') {
      const key = authorization.slice(7).trim();
      if (key !== '') return key;
    }
  }
  const other = headers['x-api-key'] ?? headers['api-key'];
  return typeof other === 'string' && other !== '' ? other : null;
}

export function sha256Hex(key: string): string {
  return hash('sha256', key);
}

const scratch = Buffer.alloc(DIGEST_CHARACTERS);

/** Compares in constant time. `digest` is 64 hexadecimal characters. */
export function isSameDigest(digest: string, expected: Buffer): boolean {
  if (digest.length !== DIGEST_CHARACTERS || expected.length !== DIGEST_CHARACTERS) return false;
  scratch.write(digest, 'latin1');
  return timingSafeEqual(scratch, expected);
}
