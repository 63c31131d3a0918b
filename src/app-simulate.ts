import { readFile } from 'node:fs/promises';
import { fault } from './kernel/index.ts';
import type { Study, StudyOptions } from './simulate/study.ts';

export interface SimulateOptions extends Omit<StudyOptions, 'plan' | 'trace' | 'openExchange'> {
  readonly fleetFile: string;
  readonly traceFile: string;
}

/**
 * Simulates routers before a fleet; the exchange among them is the product's own. Rejects with `BRS_CONFIG` where a
 * file is not good or a router does not exist.
 */
export async function simulateFleet(options: SimulateOptions): Promise<Study> {
  // A server does not pay for the simulator.
  const [{ readFleet, readTrace, study }, { openVirtualExchange }] = await Promise.all([
    import('./simulate/market.ts'),
    import('./app-virtual-exchange.ts'),
  ]);
  const { fleetFile, traceFile } = options;
  const text = await readFile(fleetFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const report = `${fleetFile} cannot be read (${error.code ?? 'unknown'})`;
    throw fault('BRS_CONFIG', { report }, { cause: error });
  });
  const plan = readFleet(text, fleetFile);
  return study({
    ...options,
    plan,
    trace: readTrace(traceFile),
    openExchange: openVirtualExchange,
  });
}
