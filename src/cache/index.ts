/**
 * Cache: answers that need no model. Enters a workload and its mandate, leaves a hit or null.
 * Without a configured cache nothing is ever a hit: the identity.
 */
import type { LookUp } from '../contract/index.ts';

export const lookUpNothing: LookUp = () => null;
