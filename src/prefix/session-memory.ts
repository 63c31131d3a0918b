import type { SessionId, TenantId } from '../kernel/index.ts';
import type { ServedSession, SessionPlacement } from '../contract/index.ts';

/** Sessions remembered; the one that was used longest ago is forgotten first. */
const SESSIONS_MAX = 32_768;

/** Where the sessions of this machine were last served. A tenant's sessions are its own. */
export class SessionMemory {
  readonly #placements = new Map<string, SessionPlacement>();

  of(tenant: TenantId, session: SessionId): SessionPlacement | null {
    return this.#placements.get(keyOf(tenant, session)) ?? null;
  }

  served(at: ServedSession): void {
    const key = keyOf(at.tenant, at.session);
    this.#placements.delete(key);
    this.#placements.set(key, { instance: at.instance, tokens: at.tokens });
    for (const oldest of this.#placements.keys()) {
      if (this.#placements.size <= SESSIONS_MAX) return;
      this.#placements.delete(oldest);
    }
  }
}

/** The length keeps the two apart, whatever they hold. */
const keyOf = (tenant: TenantId, session: SessionId): string =>
  `${tenant.length}|${tenant}${session}`;
