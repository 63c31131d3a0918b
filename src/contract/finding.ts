import type { OfflineRequest } from './offline.ts';

/** What conflict analysis finds. Stable: CI configurations name them. */
export const FINDING_CODES = [
  'contradiction',
  'unreachable-threshold',
  'always-true',
  'shadowed-route',
  'overlapping-routes',
  'empty-route',
  'conflicting-constraints',
  'constraint-permits-nobody',
  'unreachable-model',
  'unreachable-instance',
  'unreachable-band',
  'overlapping-intents',
  'unmeetable-limit',
  'unmeetable-budget',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** A place in the policy's files. Lines and columns count from 1. */
export interface PolicyPlace {
  /** Absent: the file that was loaded, not one that it names. */
  readonly file?: string;
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
}

export interface RelatedPlace extends PolicyPlace {
  readonly message: string;
}

/** A request that shows a finding: it was decided, and went as `shows` says. */
export interface Witness {
  readonly request: OfflineRequest;
  readonly shows: string;
}

export interface PolicyFinding extends PolicyPlace {
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning' | 'note';
  /** What is wrong, and what to do. */
  readonly message: string;
  readonly related: readonly RelatedPlace[];
  /** Null where nothing can be shown, such as a route that nothing reaches. */
  readonly witness: Witness | null;
}

export interface PolicyAnalysis {
  /** In the order of the file. */
  readonly findings: readonly PolicyFinding[];
  /** Questions that the solver could not answer: nothing is said of them. */
  readonly undecided: number;
  /** For example `built-in`. */
  readonly solver: string;
}
