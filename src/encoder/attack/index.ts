/** Attacks on a model: reviewed patterns, undone disguises and the trained head, joined to one probability. */
export { createAttackDetector } from './detector.ts';
export type { AttackDetector, AttackHead, AttackReading } from './detector.ts';
export type { AttackFamily } from './patterns.ts';
