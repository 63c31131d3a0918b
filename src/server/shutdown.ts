import { fault } from '../kernel/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { Doorway } from './handed-sockets.ts';
import type { ServerHost } from './server-host.ts';

/** How long readiness fails before the port closes, and how long requests in flight may take. */
export interface ShutdownPhases {
  readonly noticeMs: number;
  readonly drainMs: number;
}

/** Time for the last error events to leave. */
const FLUSH_MS = 1000;
const POLL_MS = 50;

/**
 * Readiness fails → wait → stop accepting and close keep-alives → drain to a deadline → what is left
 * gets an error → close what does not read it.
 */
export async function shutDown(
  doorway: Doorway,
  host: ServerHost,
  { noticeMs, drainMs }: ShutdownPhases,
): Promise<void> {
  const { clock } = host.parts;
  if (host.phase === 'serving') host.phase = 'noticed';
  if (noticeMs > 0) await wait(clock, noticeMs);
  host.phase = 'closing';
  const state = { isClosed: false };
  const closed = new Promise<void>((resolve) => {
    doorway.close(() => {
      state.isClosed = true;
      resolve();
    });
  });
  const closeWithin = async (limitMs: number): Promise<void> => {
    const deadlineMs = clock.monotonicMs() + limitMs;
    while (!state.isClosed && clock.monotonicMs() < deadlineMs) {
      doorway.closeIdleConnections();
      await Promise.race([closed, wait(clock, POLL_MS)]);
    }
  };
  await closeWithin(drainMs);
  for (const exchange of host.open.all()) exchange.cut(fault('BRS_SHUTTING_DOWN'));
  await closeWithin(FLUSH_MS);
  doorway.closeAllConnections();
  await closed;
}

function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
