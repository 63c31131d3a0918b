import type { Findings } from '../document/place.ts';
import { listOf } from '../document/raw.ts';
import type { PolicyFile } from '../schema/index.ts';

/** What is open to others must ask who they are. */
export function checkExposure(input: PolicyFile, findings: Findings): void {
  const { server, keys } = input;
  if (!isLoopback(server.host) && listOf(keys).length === 0) {
    findings.add(
      ['server', 'host'],
      'is not a loopback address, and no keys are configured: add keys, or listen on 127.0.0.1',
    );
  }
  if (!isLoopback(server.admin.host) && server.admin.keySha256 === undefined) {
    findings.add(
      ['server', 'admin', 'host'],
      'is not a loopback address: set server.admin.keySha256, or listen on 127.0.0.1',
    );
  }
  if (server.port !== 0 && server.port === server.admin.port) {
    findings.add(
      ['server', 'admin', 'port'],
      `is the port of the model API (${server.port}): choose another`,
    );
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
