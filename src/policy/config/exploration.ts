import type { ExplorationPlan, LearningConfig, Mandate, ProbePlan } from '../../contract/index.ts';
import type { PolicyFile } from '../schema/index.ts';

type Learning = PolicyFile['learning'];
type Override = PolicyFile['routes'][number]['use']['exploration'];

/** What routes do that say nothing of their own. */
export function explorationOf({
  exploration,
  probes,
}: Pick<Learning, 'exploration' | 'probes'>): ExplorationPlan {
  const { kind, modes, width, lot, latency, maxLossUsd } = exploration;
  return {
    kind,
    modes: modes ?? null,
    width,
    lotShare: lot,
    drawsLatency: latency,
    maxLossUsd: maxLossUsd ?? Infinity,
    probes: probes === undefined ? null : probesOf(probes),
  };
}

/** The member of a route's mandate; none where it never explores and nobody is probed. */
export function explorationPart(
  plan: ExplorationPlan | undefined,
  override?: Override,
): Pick<Mandate, 'exploration'> {
  if (plan === undefined) return {};
  const own = override === undefined ? plan : overridden(plan, override);
  return own.kind === 'off' && own.probes === null ? {} : { exploration: own };
}

function overridden(plan: ExplorationPlan, override: NonNullable<Override>): ExplorationPlan {
  return {
    kind: override.kind ?? plan.kind,
    modes: override.modes ?? plan.modes,
    width: override.width ?? plan.width,
    lotShare: override.lot ?? plan.lotShare,
    drawsLatency: override.latency ?? plan.drawsLatency,
    maxLossUsd: override.maxLossUsd ?? plan.maxLossUsd,
    probes: plan.probes,
  };
}

function probesOf({ share, maxLossUsd, beyondLimits }: NonNullable<Learning['probes']>): ProbePlan {
  return { share, maxLossUsd: maxLossUsd ?? Infinity, beyondLimits };
}

/** Null where the policy names no router. */
export function routerOf(
  router: Learning['router'],
  near: (path: string) => string,
): NonNullable<LearningConfig['router']> | null {
  if (router === undefined) return null;
  if (typeof router === 'string') return { file: near(router), questions: 100 };
  return { file: near(router.file), questions: router.questions };
}
