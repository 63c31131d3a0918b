import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import pg from 'pg';
import { freePort } from './demo.ts';

/** With characters that a URL must escape. */
export const PASSWORD = 'p@ss/wörd of the cache';

/** A server of the test's own, on a free port. */
export interface CacheServer {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it, and removes what it kept. */
  remove(): Promise<void>;
}

/** PostgreSQL compiled to WebAssembly, with pgvector. It asks for no password. */
export async function createPglite(): Promise<CacheServer> {
  const db = await PGlite.create({ extensions: { vector } });
  const port = await freePort();
  let server: { stop(): Promise<void> } | null = null;
  const stop = async (): Promise<void> => {
    await server?.stop();
    server = null;
  };
  return {
    url: `postgres://postgres:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`,
    start: async () => {
      server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 20 });
      await server.start();
    },
    stop,
    remove: async () => {
      await stop();
      await db.close();
    },
  };
}

/** Debian puts the server's programs where no PATH finds them. */
async function postgresFolder(): Promise<string | null> {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return null;
  const versions = (await readdir(root)).filter((name) =>
    existsSync(join(root, name, 'bin', 'initdb')),
  );
  return versions.length === 0 ? null : join(root, versions.at(-1)!, 'bin');
}

export const POSTGRES_BIN = await postgresFolder();
export const HAS_REDIS = spawnSync('redis-server', ['--version']).status === 0;

/** A real one. It refuses to run as root, so that it then runs as `nobody`. */
export async function createPostgres(): Promise<CacheServer> {
  const folder = await mkdtemp(join(tmpdir(), 'bourse-postgres-'));
  const data = join(folder, 'data');
  const as = userInfo().uid === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (as.uid !== undefined) await chown(folder, as.uid, as.gid);
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, PASSWORD, { mode: 0o644 });
  const made = spawnSync(
    join(POSTGRES_BIN!, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'bourse',
      '-A',
      'scram-sha-256',
      '--pwfile',
      passwordFile,
      '-E',
      'UTF8',
      '-N',
    ],
    { ...as, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const url = `postgres://bourse:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`;
  return processServer({
    url,
    isReady: async () => {
      const client = new pg.Client(url);
      client.on('error', () => {});
      // It listens before it takes anybody in.
      return client.connect().then(
        () => client.end().then(() => true),
        () => false,
      );
    },
    folder,
    run: () =>
      spawn(
        join(POSTGRES_BIN!, 'postgres'),
        ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-F'],
        { ...as, stdio: 'ignore', env: { ...process.env, LC_ALL: 'C' } },
      ),
    stopSignal: 'SIGINT',
  });
}

export async function createRedis(): Promise<CacheServer> {
  const folder = await mkdtemp(join(tmpdir(), 'bourse-redis-'));
  const port = await freePort();
  const config = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `requirepass "${PASSWORD}"`,
    'appendonly yes',
    'appendfsync always',
  ];
  await writeFile(join(folder, 'redis.conf'), config.join('\n'));
  return processServer({
    url: `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`,
    isReady: () => isListening(port),
    folder,
    run: () => spawn('redis-server', [join(folder, 'redis.conf')], { stdio: 'ignore' }),
    stopSignal: 'SIGTERM',
  });
}

interface ProcessParts {
  readonly url: string;
  readonly isReady: () => Promise<boolean>;
  readonly folder: string;
  readonly run: () => ReturnType<typeof spawn>;
  readonly stopSignal: NodeJS.Signals;
}

function processServer({ url, isReady, folder, run, stopSignal }: ProcessParts): CacheServer {
  let stopRunning: (() => Promise<void>) | null = null;
  const stop = async (): Promise<void> => {
    await stopRunning?.();
    stopRunning = null;
  };
  return {
    url,
    start: async () => {
      const child = run();
      const exited = once(child, 'exit');
      stopRunning = async () => {
        child.kill(stopSignal);
        await exited;
      };
      while (!(await isReady())) {
        if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    stop,
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** A server that takes connections and never says a word. */
export async function createSilent(): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
