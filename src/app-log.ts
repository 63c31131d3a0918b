import { createRequire } from 'node:module';
import type * as Pino from 'pino';
import type { Logger } from 'pino';
import type { BourseEvent, Config } from './contract/index.ts';
import type { ServerLog } from './server/index.ts';

const load = createRequire(import.meta.url);

/** JSON lines on standard error, so that standard output stays the command's own. */
export function createLog(level: Config['logLevel']): Logger {
  const { pino } = load('pino') as typeof Pino;
  return pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
}

/** Warnings of a worker, which seldom has one: the logger and its modules, 1 MB of heap, come with the first. */
export function createWarningLog(): ServerLog {
  let log: Logger | null = null;
  const open = (): Logger => (log ??= createLog('warn'));
  return {
    info: () => {},
    warn: (fields, message) => open().warn(fields, message),
    error: (fields, message) => open().error(fields, message),
  };
}

/** What of the events is worth a line: what an operator may have to act on. */
export function logEvent(log: Logger, event: BourseEvent): void {
  switch (event.kind) {
    case 'store-failed':
    case 'worker-lost':
    case 'fault':
      log.error(event, event.kind);
      return;
    case 'policy-rejected':
    case 'circuit-opened':
    case 'key-rested':
    case 'bidder-silent':
    case 'kv-events-lost':
    case 'budget-warning':
    case 'queue-dropped':
    case 'model-drifted':
      log.warn(event, event.kind);
      return;
    case 'attempt-failed':
    case 'escalated':
    case 'hedged':
    case 'refused':
    case 'turned-away':
      log.debug(event, event.kind);
      return;
    case 'settled':
      if (log.isLevelEnabled('debug')) log.debug({ decision: event.outcome.decision }, event.kind);
      return;
    default:
      log.info(event, event.kind);
  }
}
