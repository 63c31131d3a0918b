/**
 * Entry of the process that runs the demo fleet. It is started by `forkDemoFleet`, tells its parent the
 * addresses by one message, and ends when the parent's channel closes, however the parent ended.
 */
import { parseArgs } from 'node:util';
import { createRng, createSystemClock, createSystemRng, Fault } from '../kernel/index.ts';
import { EXAMPLE_FLEET } from './demo-fleet.ts';
import { startDemoFleet } from './start-fleet.ts';

export type FleetMessage =
  | { readonly kind: 'ready'; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: 'failed'; readonly message: string };

const { values } = parseArgs({
  options: {
    'base-port': { type: 'string' },
    speedup: { type: 'string' },
    seed: { type: 'string' },
  },
});

function tell(message: FleetMessage): void {
  if (process.send) process.send(message);
  else process.stdout.write(`${JSON.stringify(message)}\n`);
}

process.on('disconnect', () => process.exit(0));
// A terminal sends its interrupt to the parent too, which drains requests before it lets go.
if (process.connected) process.on('SIGINT', () => undefined);

try {
  const fleet = await startDemoFleet({
    specs: EXAMPLE_FLEET,
    clock: createSystemClock(),
    rng: values.seed === undefined ? createSystemRng() : createRng(Number(values.seed)),
    ...(values['base-port'] === undefined ? {} : { basePort: Number(values['base-port']) }),
    ...(values.speedup === undefined ? {} : { speedup: Number(values.speedup) }),
  });
  tell({ kind: 'ready', env: fleet.env });
} catch (error) {
  tell({ kind: 'failed', message: Fault.isInstance(error) ? error.message : String(error) });
  process.exitCode = 1;
  process.disconnect?.();
}
