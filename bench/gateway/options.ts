import { parseArgs } from 'node:util';
import { BODY_SIZES } from './bodies.ts';
import { CONTENDERS } from './contenders.ts';

export interface Options {
  /** Names of contenders; every one that is installed where not given. */
  readonly only: readonly string[];
  readonly bodies: readonly string[];
  readonly withStreams: boolean;
  readonly rounds: number;
  readonly secondsPerRound: number;
  /** Before the first scenario of a server: long enough for slow code to be compiled. */
  readonly warmSeconds: number;
  /** Before each further scenario. */
  readonly warmNextSeconds: number;
  readonly connections: number;
  readonly streams: number;
  readonly saves: boolean;
}

export const USAGE = `node bench/gateway/run.ts [options]
  --only a,b        contenders: ${CONTENDERS.map(({ name }) => name).join(', ')}
  --bodies a,b      of ${Object.keys(BODY_SIZES).join(', ')}, stream (default: all)
  --rounds N        measured rounds per contender and body (5)
  --seconds N       length of a round (4)
  --warm N          seconds of load before the first body (25), then a third of it before each further one
  --connections N   open connections under load (64)
  --streams N       open streams (50)
  --quick           2 rounds of 2 s after 4 s: a look, not a measurement
  --save            writes bench/gateway/baseline.json too`;

export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      bodies: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      warm: { type: 'string' },
      connections: { type: 'string' },
      streams: { type: 'string' },
      quick: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const [rounds, seconds, warm] = values.quick ? [2, 2, 4] : [5, 4, 25];
  const warmSeconds = positive('warm', values.warm, warm);
  const names = CONTENDERS.map(({ name }) => name);
  const scenarios = oneOf('bodies', values.bodies, [...Object.keys(BODY_SIZES), 'stream']);
  return {
    only: oneOf('only', values.only, names),
    bodies: scenarios.filter((name) => name !== 'stream'),
    withStreams: scenarios.includes('stream'),
    rounds: positive('rounds', values.rounds, rounds),
    secondsPerRound: positive('seconds', values.seconds, seconds),
    warmSeconds,
    warmNextSeconds: Math.ceil(warmSeconds / 3),
    connections: positive('connections', values.connections, 64),
    streams: positive('streams', values.streams, 50),
    saves: values.save,
  };
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number`);
  return value;
}

function oneOf(name: string, text: string | undefined, known: readonly string[]): string[] {
  if (text === undefined) return [...known];
  const chosen = text.split(',');
  const unknown = chosen.find((entry) => !known.includes(entry));
  if (unknown !== undefined) {
    throw new Error(`--${name}: there is no "${unknown}", only ${known.join(', ')}`);
  }
  return chosen;
}
