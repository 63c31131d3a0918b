import { isIPv4 } from 'node:net';
import { fault } from '../kernel/index.ts';

/** Whether an address to bind to, or a peer's address, is reachable from this host only. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name === '::1' || name === '[::1]') return true;
  const plain = name.startsWith('::ffff:') ? name.slice('::ffff:'.length) : name;
  return plain.startsWith('127.') && isIPv4(plain);
}

export const KEY_REMEDY = 'add an entry under "keys" (bourse hash-key makes one)';

/** A surface without a key listens on loopback only. */
export function assertLoopback(surface: string, host: string, remedy: string): void {
  if (!isLoopbackHost(host)) throw fault('BRS_UNPROTECTED', { surface, host, remedy });
}

/** The host of a `Host` header's value: without its port, and without an IPv6 address's brackets. */
function hostOfAuthority(authority: string): string {
  if (authority.startsWith('[')) {
    const end = authority.indexOf(']');
    return end < 0 ? authority : authority.slice(1, end);
  }
  const colon = authority.indexOf(':');
  return (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase();
}

interface BrowserHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | string[] | undefined;
}

/**
 * Whether a request may have been made by a web page that the user merely visits. Such a page
 * reaches a loopback port by rebinding its own DNS name (then `Host` is that name) or by a plain
 * cross-site form or fetch (then `Origin` is another site's). `ownHost` is the configured address.
 */
export function isForeignPage(headers: BrowserHeaders, ownHost: string): boolean {
  if (headers.host !== undefined && !isOwnName(hostOfAuthority(headers.host), ownHost)) return true;
  const { origin } = headers;
  if (origin === undefined) return false;
  if (typeof origin !== 'string') return true;
  const scheme = origin.indexOf('://');
  return scheme < 0 || !isOwnName(hostOfAuthority(origin.slice(scheme + 3)), ownHost);
}

function isOwnName(host: string, ownHost: string): boolean {
  return isLoopbackHost(host) || host === ownHost.toLowerCase();
}
