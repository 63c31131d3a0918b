import type { PlacementNews } from '../contract/index.ts';
import type { WorkerLine } from './worker-line.ts';

/** Tells every worker how many there are besides: one that is alone has nobody to tell anything. */
export function tellPeers(lines: ReadonlySet<WorkerLine>): void {
  const ready = [...lines].filter(({ isReady }) => isReady);
  for (const line of ready) line.post({ kind: 'peers', count: ready.length - 1 });
}

/** What one worker tells the others. The keeper keeps none of it: a worker that starts later begins with nothing. */
export function passOn(
  lines: ReadonlySet<WorkerLine>,
  from: WorkerLine,
  news: PlacementNews,
): void {
  for (const line of lines) {
    if (line.isReady && line !== from) line.post({ kind: 'placements', news });
  }
}
