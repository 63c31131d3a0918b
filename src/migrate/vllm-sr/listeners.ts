import type { PolicyDraft } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeDurationMs, takeNumber, takeText } from '../foreign/take.ts';

const ADMIN_PORT_DEFAULT = 8081;

/** The first listener is where the exchange listens; a policy has one. */
export function importListeners(root: ForeignNode, draft: PolicyDraft): void {
  const [first, ...others] = root.at('listeners')?.items ?? [];
  for (const other of others) other.drop('the exchange listens in one place');
  if (first === undefined) return;
  const from = `from ${first.origin}`;
  first.at('name')?.drop('a listener has no name');
  const port = takeNumber(first.at('port'), { min: 0, max: 65_535, isWhole: true });
  if (port !== null) {
    const admin = port === ADMIN_PORT_DEFAULT ? { admin: { port: ADMIN_PORT_DEFAULT + 1 } } : {};
    draft.set('server', { port, ...admin }, from);
  }
  const address = first.at('address');
  const host = takeText(address);
  if (address !== null && host !== null) {
    if (isLoopback(host)) draft.set('server', { host }, from);
    else {
      address.drop(
        'beyond this host Bourse listens only where it has keys: add keys, then set server.host',
      );
    }
  }
  const timeout = first.at('timeout');
  const totalTimeoutMs = takeDurationMs(timeout);
  if (timeout !== null && totalTimeoutMs !== null) {
    draft.set('attempts', { totalTimeoutMs }, `from ${timeout.origin}`);
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
