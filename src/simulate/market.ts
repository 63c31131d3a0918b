/** The market in virtual time: fleets, traces, routers and what is measured of them. */
export { readFleet } from './fleet-file.ts';
export { study } from './study.ts';
export { readTrace } from './traces/read-trace.ts';
