import { expect, test } from 'vitest';
import type { InstanceId, SessionId, TenantId } from '../kernel/index.ts';
import { SessionMemory } from './session-memory.ts';

const A = 'a' as InstanceId;
const at = (tenant: string, session: string) => ({
  tenant: tenant as TenantId,
  session: session as SessionId,
});

test('a session is where it was last served, for its tenant alone', () => {
  const memory = new SessionMemory();
  memory.served({ ...at('acme', 's'), instance: A, tokens: 10 });
  memory.served({ ...at('acme', 's'), instance: 'b' as InstanceId, tokens: 20 });
  const of = (tenant: string, session: string) => {
    const key = at(tenant, session);
    return memory.of(key.tenant, key.session);
  };
  expect(of('acme', 's')).toEqual({ instance: 'b', tokens: 20 });
  expect(of('acme', 't')).toBeNull();
  expect(of('other', 's')).toBeNull();
  expect(of('acm', 'es')).toBeNull();
});

test('the session that was used longest ago is forgotten first', () => {
  const memory = new SessionMemory();
  const serve = (session: string): void =>
    memory.served({ ...at('acme', session), instance: A, tokens: 1 });
  serve('kept');
  for (let i = 0; i < 40_000; i++) {
    serve(`s${i}`);
    if (i % 1_000 === 0) serve('kept');
  }
  const { tenant, session } = at('acme', 's0');
  expect(memory.of(tenant, session)).toBeNull();
  expect(memory.of(tenant, at('acme', 'kept').session)).not.toBeNull();
});

test('however many sessions another tenant has, none of this one is forgotten', () => {
  const memory = new SessionMemory();
  const { tenant, session } = at('acme', 's');
  memory.served({ tenant, session, instance: A, tokens: 1 });
  for (let i = 0; i < 40_000; i++) {
    memory.served({ ...at('other', `s${i}`), instance: A, tokens: 1 });
  }
  expect(memory.of(tenant, session)).toEqual({ instance: A, tokens: 1 });
});
