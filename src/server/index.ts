/**
 * Server: the ways in. HTTP requests enter, authenticated and bounded `Ingress` values leave for
 * the director, and what the director pushes goes out as OpenAI-shaped answers. It never decides
 * where a request goes, never reads a body's meaning, and never imports the wiring.
 */
export { createModelServer } from './model-server.ts';
export type { ServerLog } from './log.ts';
export { authority } from './listen.ts';
export { createSharedPort } from './shared-port.ts';
export type { SharedPort } from './shared-port.ts';
export type { HandedSockets } from './handed-sockets.ts';
