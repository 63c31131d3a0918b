import { fault } from '../kernel/index.ts';
import type { BudgetInput, Store, TenantPreferences } from '../contract/index.ts';
import type { CarbonOverlay, PushedCarbon } from './carbon.ts';
import { NO_OVERLAY } from './instance-overlay.ts';
import type { InstanceOverlay } from './instance-overlay.ts';

/** What the admin API changed, over the policy file; each part is a document of the store. */
export interface Overlay {
  readonly instances: InstanceOverlay;
  readonly budgets: ReadonlyMap<string, readonly BudgetInput[]>;
  readonly preferences: ReadonlyMap<string, TenantPreferences>;
  readonly carbon: CarbonOverlay;
}

const DOCUMENTS = {
  instances: 'admin-instances',
  budgets: 'admin-budgets',
  preferences: 'admin-preferences',
  carbon: 'admin-carbon',
} as const;

export function overlayFrom(documents: ReadonlyMap<string, string>): Overlay {
  return {
    instances: { ...NO_OVERLAY, ...(read(documents, 'instances') as Partial<InstanceOverlay>) },
    budgets: new Map(Object.entries(read(documents, 'budgets') as Record<string, BudgetInput[]>)),
    preferences: new Map(
      Object.entries(read(documents, 'preferences') as Record<string, TenantPreferences>),
    ),
    carbon: new Map(Object.entries(read(documents, 'carbon') as Record<string, PushedCarbon>)),
  };
}

function read(documents: ReadonlyMap<string, string>, part: keyof Overlay): object {
  const name = DOCUMENTS[part];
  const json = documents.get(name);
  if (json === undefined) return {};
  try {
    return JSON.parse(json) as object;
  } catch (error) {
    throw fault('BRS_STORE', { reason: `its document "${name}" is not JSON` }, { cause: error });
  }
}

/** Stores one part; it counts only when it is stored. */
export async function saveOverlay(
  store: Store,
  overlay: Overlay,
  part: keyof Overlay,
): Promise<Overlay> {
  const value = overlay[part];
  const json = JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value);
  await store.saveDocument(DOCUMENTS[part], json);
  return overlay;
}
