import type { Rng } from '../kernel/index.ts';
import type { Award, Bid, ExplorationPlan, Explored, Mandate } from '../contract/index.ts';
import { createChooser } from './chooser.ts';

/** A mandate whose auctions may be lost by the best score. */
export type Exploring = Mandate & { readonly exploration: ExplorationPlan };

/**
 * Lets another than the best score win, to learn from it: first by a probe, of those who need one, else as the
 * plan explores. Chosen from are the bids that limits, constraints and holds have left, and, where the plan
 * says so, `beyond`: needy ones that break limits on time alone. The rest of the ranking stays in order.
 * The propensity is the whole probability of the winner, by whichever way.
 */
export function explore(award: Award, beyond: readonly Bid[], mandate: Exploring, rng: Rng): Award {
  const { ranked } = award;
  if (award.hold !== undefined || ranked.length + beyond.length < 2) return award;
  const { kind, probes } = mandate.exploration;
  const chooser = createChooser(ranked, mandate, rng);
  const needy = probes === null ? [] : needyOf(ranked, beyond, probes.maxLossUsd);
  if (probes === null || needy.length === 0) {
    const at = chooser.choose();
    return won(award, ranked[at]!, { chance: chooser.chanceOf(at), kind });
  }
  const isProbe = rng.next() < probes.share;
  const bid = isProbe ? needy[Math.floor(rng.next() * needy.length)]! : ranked[chooser.choose()]!;
  const at = ranked.indexOf(bid);
  const explored = at < 0 ? 0 : chooser.chanceOf(at);
  const probed = needy.includes(bid) ? probes.share / needy.length : 0;
  const chance = probed + (1 - probes.share) * explored;
  return won(award, bid, { chance, kind: isProbe ? 'probe' : kind });
}

/** The best score needs no probe: it serves. */
function needyOf(ranked: readonly Bid[], beyond: readonly Bid[], maxLossUsd: number): Bid[] {
  const most = ranked[0]!.score + maxLossUsd;
  const needy: Bid[] = [];
  for (let i = 1; i < ranked.length; i++) {
    const bid = ranked[i]!;
    if (bid.score <= most && (bid.need ?? null) !== null) needy.push(bid);
  }
  for (const bid of beyond) if (bid.score <= most) needy.push(bid);
  return needy;
}

function won(
  award: Award,
  winner: Bid,
  { chance, kind }: { readonly chance: number; readonly kind: Explored['kind'] | 'off' },
): Award {
  const best = award.ranked[0]!;
  if (winner === best || kind === 'off') {
    return chance === 1 ? award : { ...award, propensity: chance };
  }
  return {
    ...award,
    // One that was let in beyond a limit is no longer out.
    excluded: award.excluded.filter(({ instance }) => instance !== winner.instance.id),
    ranked: [winner, ...award.ranked.filter((bid) => bid !== winner)],
    clearingScore: best.score,
    propensity: chance,
    explored: { kind, best: best.instance.id },
  };
}
