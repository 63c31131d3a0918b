/** Kernel: what every layer may use. No I/O but the system clock and the operating system's seed. */
export { assert, unreachable } from './assert.ts';
export { Fault, fault } from './fault.ts';
export type { FaultCode } from './fault.ts';
export { FAULTS } from './fault-catalogue.ts';
export { createDecisionIds, workerOf } from './ids.ts';
export type { Brand, DecisionId, InstanceId, KeyId, ModelId, SessionId, TenantId } from './ids.ts';
export { createRng, createSystemRng } from './rng.ts';
export type { Rng } from './rng.ts';
export type { Clock, Timer } from './clock.ts';
export { createSystemClock } from './system-clock.ts';
export { createVirtualClock } from './virtual-clock.ts';
export type { VirtualClock } from './virtual-clock.ts';
export { andThen, isPromise } from './maybe-async.ts';
export type { MaybeAsync } from './maybe-async.ts';
export { failureOf, faultFrom } from './failure.ts';
export type { Failure } from './failure.ts';
export { moduleUrl } from './module-url.ts';
export { editDistance, nearest } from './nearest.ts';
