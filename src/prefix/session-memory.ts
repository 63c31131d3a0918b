import type { SessionId, TenantId } from '../kernel/index.ts';
import type { ServedSession, SessionPlacement } from '../contract/index.ts';

/** Of each tenant, at least so many of the sessions that were served last are remembered, and at most twice as many. */
const SESSIONS = 16_384;

/** Two generations: writing a session again moves nothing, as it would in one map in the order of use. */
interface Generations {
  recent: Map<SessionId, SessionPlacement>;
  older: ReadonlyMap<SessionId, SessionPlacement>;
}

/** Where the sessions of this machine were last served. A tenant's sessions are its own, and those of others drive none out. */
export class SessionMemory {
  readonly #byTenant = new Map<TenantId, Generations>();

  of(tenant: TenantId, session: SessionId): SessionPlacement | null {
    const own = this.#byTenant.get(tenant);
    return own?.recent.get(session) ?? own?.older.get(session) ?? null;
  }

  served({ tenant, session, instance, tokens }: ServedSession): void {
    let own = this.#byTenant.get(tenant);
    if (own === undefined) {
      own = { recent: new Map(), older: new Map() };
      this.#byTenant.set(tenant, own);
    }
    own.recent.set(session, { instance, tokens });
    if (own.recent.size < SESSIONS) return;
    own.older = own.recent;
    own.recent = new Map();
  }
}
