import { setImmediate } from 'node:timers/promises';
import type { PolicyAnalysis, Registry } from './contract/index.ts';
import type { PolicyLoader } from './app-policy.ts';
import type { PolicyLoad } from './policy/index.ts';

/** What conflict analysis says of the policy that was taken last. */
export interface FindingsDesk {
  /** The loader, which tells the desk of each good policy. */
  readonly load: PolicyLoader;
  /** Analyses the policy when first asked, with pauses for whoever else has work to do. */
  readonly findings: () => Promise<PolicyAnalysis>;
}

export function createFindingsDesk(registry: Registry, load: PolicyLoader): FindingsDesk {
  let latest: (PolicyLoad & { readonly kind: 'policy' }) | null = null;
  let analysis: Promise<PolicyAnalysis> | null = null;
  return {
    load(source, generation) {
      const loaded = load(source, generation);
      if (loaded.kind === 'policy') {
        latest = loaded;
        analysis = null;
      }
      return loaded;
    },
    findings() {
      if (latest === null) return Promise.resolve(NOTHING_YET);
      analysis ??= analysisOf(latest, registry);
      return analysis;
    },
  };
}

async function analysisOf(
  loaded: PolicyLoad & { readonly kind: 'policy' },
  registry: Registry,
): Promise<PolicyAnalysis> {
  const { analyse } = await import('./app-analysis.ts');
  return analyse(loaded, registry, { pause: async () => setImmediate() });
}

const NOTHING_YET: PolicyAnalysis = { findings: [], undecided: 0, solver: 'none' };
