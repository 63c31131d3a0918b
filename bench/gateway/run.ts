/**
 * The gateway benchmark: the product, the bare splice proxy and, where installed, nginx and Portkey, in
 * front of one local upstream, in alternation. See README.md beside this file.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BODY_SIZES, chatBody } from './bodies.ts';
import { CONTENDERS } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { LOAD_GENERATOR } from './load.ts';
import { clientHeaders, entrant, measure } from './measure.ts';
import type { Entrant, Sample, Scenario } from './measure.ts';
import { NGINX, nginxMock } from './nginx.ts';
import { readOptions, USAGE } from './options.ts';
import type { Options } from './options.ts';
import { freePort, startServer, stopAll } from './processes.ts';
import type { Started } from './processes.ts';
import { renderTables, summarise } from './report.ts';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const folder = here('../../.bench');
const workDir = join(folder, `gateway-${process.pid}`);
const report = (line: string): void => void process.stderr.write(`${line}\n`);

/** Whole answers come from nginx where there is one: it costs the machine the least. */
async function startUpstream(kind: 'whole' | 'stream'): Promise<Started> {
  const port = await freePort();
  const mock = { command: process.execPath, args: [here('./mock-upstream.ts'), String(port)] };
  const isNginx = kind === 'whole' && NGINX !== null;
  return startServer('upstream', port, isNginx ? nginxMock(port, workDir) : mock, workDir);
}

async function startEntrants(
  contenders: readonly Contender[],
  upstream: Started,
): Promise<Entrant[]> {
  const upstreamUrl = `http://127.0.0.1:${upstream.port}`;
  const entrants: Entrant[] = [];
  for (const contender of contenders) {
    const ports = { own: await freePort(), admin: await freePort() };
    const command = contender.command(ports, upstreamUrl, workDir);
    const server = await startServer(contender.name, ports.own, command, workDir);
    entrants.push(entrant(contender, server, upstreamUrl));
  }
  return entrants;
}

function writeBody(name: string, bytes: number, isStream: boolean): string {
  const file = join(workDir, `body-${name}.json`);
  writeFileSync(file, chatBody(bytes, isStream));
  return file;
}

async function measureWhole(contenders: readonly Contender[], options: Options): Promise<Sample[]> {
  if (options.bodies.length === 0) return [];
  const upstream = await startUpstream('whole');
  const entrants = await startEntrants(contenders, upstream);
  const scenarios: Scenario[] = options.bodies.map((name, i) => ({
    name,
    kind: 'whole',
    bodyFile: writeBody(name, BODY_SIZES[name]!, false),
    connections: options.connections,
    warmSeconds: i === 0 ? options.warmSeconds : options.warmNextSeconds,
  }));
  const rounds = { rounds: options.rounds, seconds: options.secondsPerRound };
  const samples: Sample[] = [];
  for (const scenario of scenarios) {
    samples.push(...(await measure(scenario, entrants, rounds, report)));
  }
  const alone: Scenario = {
    ...scenarios[0]!,
    name: 'one connection',
    connections: 1,
    warmSeconds: Math.min(3, options.warmNextSeconds),
  };
  const direct: Entrant = { name: 'direct', server: upstream, headers: clientHeaders };
  samples.push(...(await measure(alone, [direct, ...entrants], rounds, report)));
  await stopAll();
  return samples;
}

async function measureStreams(
  contenders: readonly Contender[],
  options: Options,
): Promise<Sample[]> {
  if (!options.withStreams) return [];
  const upstream = await startUpstream('stream');
  const entrants = await startEntrants(contenders, upstream);
  const scenario: Scenario = {
    name: 'stream',
    kind: 'stream',
    bodyFile: writeBody('stream', BODY_SIZES['450']!, true),
    connections: options.streams,
    warmSeconds: options.warmSeconds,
  };
  const direct: Entrant = { name: 'direct', server: upstream, headers: clientHeaders };
  const rounds = { rounds: options.rounds, seconds: options.secondsPerRound };
  const samples = await measure(scenario, [direct, ...entrants], rounds, report);
  await stopAll();
  return samples;
}

function present(options: Options): Contender[] {
  return CONTENDERS.filter(({ name, missing }) => {
    if (!options.only.includes(name)) return false;
    if (missing !== null) report(`${name} is left out: ${missing}`);
    return missing === null;
  });
}

function titles(options: Options): ReadonlyMap<string, string> {
  const load = `${options.connections} connections`;
  return new Map([
    ['450', `450 B body, ${load}`],
    ['8k', `8 KB body, ${load}`],
    ['100k', `100 KB body, ${load}`],
    ['one connection', `${options.bodies[0]} B body, one connection`.replace('k B', ' KB')],
    ['stream', `${options.streams} streams of 100 tokens, one each 10 ms`],
  ]);
}

async function run(options: Options): Promise<void> {
  mkdirSync(workDir, { recursive: true });
  const contenders = present(options);
  const samples = [
    ...(await measureWhole(contenders, options)),
    ...(await measureStreams(contenders, options)),
  ];
  const summaries = summarise(samples);
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    loadGenerator: LOAD_GENERATOR,
    upstream: NGINX === null ? 'node' : 'nginx; streams: node',
  };
  const result = `${JSON.stringify({ machine, options, summaries, samples }, null, 1)}\n`;
  writeFileSync(join(folder, 'gateway.json'), result);
  if (options.saves) writeFileSync(here('./baseline.json'), result);
  console.log(renderTables(summaries, titles(options)));
  if (samples.some((sample) => sample.errors > 0)) process.exitCode = 1;
}

async function cleanUp(): Promise<void> {
  await stopAll();
  rmSync(workDir, { recursive: true, force: true });
}

process.once('SIGINT', () => void cleanUp().then(() => process.exit(130)));
const options = readOptions(process.argv.slice(2));
if (options === 'help') console.log(USAGE);
else {
  try {
    await run(options);
  } finally {
    await cleanUp();
  }
}
