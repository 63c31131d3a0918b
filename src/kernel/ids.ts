import type { Rng } from './rng.ts';

export type Brand<T, Name extends string> = T & { readonly __brand: Name };
export type DecisionId = Brand<string, 'DecisionId'>;
export type TenantId = Brand<string, 'TenantId'>;
export type KeyId = Brand<string, 'KeyId'>;
export type ModelId = Brand<string, 'ModelId'>;
export type InstanceId = Brand<string, 'InstanceId'>;
export type SessionId = Brand<string, 'SessionId'>;

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/**
 * Makes decision ids `d-<worker>-<12 random characters><counter>`: unique across processes and
 * restarts, free of coordination. The worker's number lets the keeper find who remembers it.
 */
export function createDecisionIds(worker: number, rng: Rng): () => DecisionId {
  let prefix = `d-${worker.toString(36)}-`;
  for (let i = 0; i < 12; i++) prefix += ALPHABET[Math.floor(rng.next() * 36)];
  let counter = 0;
  return () => (prefix + (counter++).toString(36)) as DecisionId;
}

/** The worker's number in a decision id, or null when it is not one. */
export function workerOf(id: string): number | null {
  const match = /^d-([0-9a-z]{1,4})-[0-9a-z]{13,}$/.exec(id);
  return match ? Number.parseInt(match[1]!, 36) : null;
}
