/**
 * What this room uses of `node:http`, taken past its ESM facade: an import reads every export of the
 * module, and those that are lazy load a second HTTP client for WebSocket (2.4 MB of heap and 60 ms of CPU
 * in each thread).
 */
export const {
  STATUS_CODES,
  createServer,
  maxHeaderSize,
  validateHeaderName,
  validateHeaderValue,
} = process.getBuiltinModule('node:http');
