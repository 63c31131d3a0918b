import { createVirtualClock } from '../../kernel/index.ts';
import type { FleetPlan } from '../fleet-file.ts';
import type { Trace } from '../traces/trace.ts';
import { SimulatedRequest } from './simulated-request.ts';
import { VirtualServer } from './virtual-server.ts';

/** Of the middle, where every server is full: neither the first fill nor the last stragglers count. */
const FROM_SHARE = 0.25;
const TO_SHARE = 0.75;

/**
 * Requests per second that a fleet ends when none of its servers ever lacks work: each takes the next request of the trace
 * as soon as its batch has a free place. It depends on no router, and on nothing that a run measures.
 */
export function measureCapacity(plan: FleetPlan, trace: Trace, count: number): number {
  const clock = createVirtualClock();
  const servers = plan.instances.map(
    (instance, place) => new VirtualServer(place, instance, { clock, seed: 0 }),
  );
  const asked = trace.requests;
  const total = Math.min(asked.length, count);
  const endedMs: number[] = [];
  let next = 0;
  const feed = (server: VirtualServer): void => {
    while (next < total && server.engine.stats().waiting === 0) {
      const request = new SimulatedRequest(next, asked[next]!, '');
      next++;
      const submission = server.submit(request, {
        onFirstToken: () => {},
        onEnd: () => {
          request.release();
          endedMs.push(clock.monotonicMs());
          feed(server);
        },
        onCut: () => {},
      });
      // One that fits here nowhere is left out.
      if (submission.kind !== 'accepted') endedMs.push(clock.monotonicMs());
    }
  };
  // A place that the batch still has shows only once the last one has been taken into it.
  const watch = (server: VirtualServer): void => {
    feed(server);
    if (next < total) clock.after(server.instance.spec.weightReadMs * 2, () => watch(server));
  };
  for (const server of servers) watch(server);
  while (endedMs.length < total && clock.step());
  const from = Math.floor(total * FROM_SHARE);
  const to = Math.max(from + 1, Math.floor(total * TO_SHARE) - 1);
  return ((to - from) * 1000) / Math.max(1e-9, endedMs[to]! - endedMs[from]!);
}
