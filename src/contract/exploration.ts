import type { InstanceId } from '../kernel/index.ts';

/** How an auction may be lost by the best score, so that something is learned. */
export interface ExplorationPlan {
  readonly kind: 'off' | 'thompson' | 'linucb';
  /** Modes in which it explores; null: in all. Probes do not ask. */
  readonly modes: readonly string[] | null;
  /** LinUCB: deviations of the accuracy that count in a bid's favour. */
  readonly width: number;
  /** LinUCB: the share of auctions that are drawn by lot. */
  readonly lotShare: number;
  /** Thompson: whether latency is drawn too. */
  readonly drawsLatency: boolean;
  /** A bid whose score is worse than the best by more than this is never chosen to learn from, in USD. */
  readonly maxLossUsd: number;
  /** Null: nobody is probed. */
  readonly probes: ProbePlan | null;
}

/** Auctions that are given to those who would not win and are too little known. */
export interface ProbePlan {
  /** Of the auctions in which somebody needs it. */
  readonly share: number;
  /** As above, for probes. */
  readonly maxLossUsd: number;
  /** Whether one that breaks a limit on time may be probed: its broken promises may be what keeps it out. */
  readonly beyondLimits: boolean;
}

/** Why an instance is worth a probe: few have seen it, it broke promises, or its model has become worse. */
export type ProbeNeed = 'new' | 'reputation' | 'drift';

/** That another than the best score won. */
export interface Explored {
  readonly kind: 'thompson' | 'linucb' | 'probe';
  /** Who has the best score. */
  readonly best: InstanceId;
}
