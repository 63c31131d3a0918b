/**
 * Workload: who asks for what, and of what shape.
 *
 * In: one request as it arrived (`Ingress`). Out: a `Workload`, or a `Fault` that names the field.
 *
 * Never: changes or re-serialises the body, decodes text that nobody asked for, counts tokens, or
 * trusts what a client says of itself (session, user and mode are its claims).
 */
export { readWorkload } from './read-workload.ts';
