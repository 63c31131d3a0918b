import type { SessionId, TenantId } from '../kernel/index.ts';
import type { ServedSession, SessionPlacement } from '../contract/index.ts';

/** At least so many of the sessions that were served last are remembered, and at most twice as many. */
const SESSIONS = 16_384;

/** Where the sessions of this machine were last served. A tenant's sessions are its own. */
export class SessionMemory {
  /** Two generations: writing a session again moves nothing, as it would in one map in the order of use. */
  #recent = new Map<string, SessionPlacement>();
  #older: ReadonlyMap<string, SessionPlacement> = new Map();

  of(tenant: TenantId, session: SessionId): SessionPlacement | null {
    const key = keyOf(tenant, session);
    return this.#recent.get(key) ?? this.#older.get(key) ?? null;
  }

  served({ tenant, session, instance, tokens }: ServedSession): void {
    this.#recent.set(keyOf(tenant, session), { instance, tokens });
    if (this.#recent.size < SESSIONS) return;
    this.#older = this.#recent;
    this.#recent = new Map();
  }
}

/** The length keeps the two apart, whatever they hold. */
const keyOf = (tenant: TenantId, session: SessionId): string =>
  `${tenant.length}|${tenant}${session}`;
