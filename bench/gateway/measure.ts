import { API_KEY } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { runHttpLoad, runStreamLoad } from './load.ts';
import type { LoadResult } from './load.ts';
import { usageOf } from './processes.ts';
import type { Started } from './processes.ts';

/** A server under test. `direct` is the upstream itself, with nothing before it. */
export interface Entrant {
  readonly name: string;
  readonly server: Started;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Scenario {
  readonly name: string;
  readonly kind: 'whole' | 'stream';
  readonly bodyFile: string;
  readonly connections: number;
  readonly warmSeconds: number;
}

/** One round of one contender. */
export interface Sample extends LoadResult {
  readonly scenario: string;
  readonly contender: string;
  readonly round: number;
  /** Per request; of streams, per event. */
  readonly cpuMicroseconds: number;
  readonly residentMegabytes: number;
}

export interface Rounds {
  readonly rounds: number;
  readonly seconds: number;
}

export function entrant(contender: Contender, server: Started, upstreamUrl: string): Entrant {
  return {
    name: contender.name,
    server,
    headers: { ...clientHeaders, ...contender.headers(upstreamUrl) },
  };
}

export const clientHeaders = {
  'content-type': 'application/json',
  authorization: `Bearer ${API_KEY}`,
};

/** Warms everyone up, then measures in alternating order (A B B A …), so that drift hits all alike. */
export async function measure(
  scenario: Scenario,
  entrants: readonly Entrant[],
  { rounds, seconds }: Rounds,
  report: (line: string) => void,
): Promise<Sample[]> {
  for (const { name, ...rest } of entrants) {
    report(`${scenario.name}: warming up ${name} for ${scenario.warmSeconds} s`);
    await load(scenario, { name, ...rest }, scenario.warmSeconds);
  }
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? entrants : entrants.toReversed();
    for (const current of order) {
      const before = usageOf(current.server);
      const result = await load(scenario, current, seconds);
      const after = usageOf(current.server);
      const cpu = (after.cpuMicroseconds - before.cpuMicroseconds) / Math.max(1, result.requests);
      samples.push({
        ...result,
        scenario: scenario.name,
        contender: current.name,
        round,
        cpuMicroseconds: cpu,
        residentMegabytes: after.residentBytes / 2 ** 20,
      });
      const rate = Math.round(result.requests / result.seconds);
      report(
        `${scenario.name}: round ${round + 1} of ${rounds}, ${current.name}: ` +
          `${cpu.toFixed(1)} µs, ${rate} per s, ${result.errors} errors`,
      );
    }
  }
  return samples;
}

function load(scenario: Scenario, { server, headers }: Entrant, seconds: number) {
  const { bodyFile, connections, kind } = scenario;
  const work = {
    url: `http://127.0.0.1:${server.port}`,
    bodyFile,
    headers,
    connections,
    seconds,
  };
  return kind === 'stream' ? runStreamLoad(work) : runHttpLoad(work);
}
