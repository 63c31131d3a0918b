import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NGINX, nginxProxy } from './nginx.ts';
import type { Command } from './processes.ts';

/** The key that every contender is sent; `bourse.yaml` has its hash. */
export const API_KEY = 'sk-bench-0123456789abcdef';

interface Ports {
  readonly own: number;
  /** For contenders that listen on a second port. */
  readonly admin: number;
}

export interface Contender {
  readonly name: string;
  /** Why it cannot take part; null when it can. */
  readonly missing: string | null;
  command(ports: Ports, upstreamUrl: string, workDir: string): Command;
  /** Headers that its clients send besides the key. */
  headers(upstreamUrl: string): Readonly<Record<string, string>>;
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const root = here('../..');
const portkeyStart = here('./portkey/node_modules/@portkey-ai/gateway/build/start-server.js');
const unless = (isThere: boolean, remedy: string): string | null => (isThere ? null : remedy);

const bourse: Contender = {
  name: 'bourse',
  missing: unless(
    existsSync(join(root, 'dist/cli/main.js')) && existsSync(join(root, 'bin/bourse.js')),
    'run `npm run build` first',
  ),
  command: ({ own, admin }, upstreamUrl, workDir) => ({
    command: process.execPath,
    args: [
      join(root, 'bin/bourse.js'),
      'serve',
      `--config=${here('./bourse.yaml')}`,
      `--port=${own}`,
      `--admin-port=${admin}`,
    ],
    env: {
      NODE_ENV: 'production',
      BENCH_UPSTREAM_URL: upstreamUrl,
      BENCH_STORE: join(workDir, `bourse-${own}.db`),
    },
  }),
  headers: () => ({}),
};

const splice: Contender = {
  name: 'splice',
  missing: null,
  command: ({ own }, upstreamUrl) => ({
    command: process.execPath,
    args: [here('./splice-proxy.ts'), String(own), upstreamUrl],
    env: { NODE_ENV: 'production' },
  }),
  headers: () => ({}),
};

const nginx: Contender = {
  name: 'nginx',
  missing: unless(NGINX !== null, 'install nginx'),
  command: ({ own }, upstreamUrl, workDir) => nginxProxy(own, upstreamUrl, workDir),
  headers: () => ({}),
};

const portkey: Contender = {
  name: 'portkey',
  missing: unless(existsSync(portkeyStart), 'run `npm ci` in bench/gateway/portkey'),
  command: ({ own }) => ({
    command: process.execPath,
    args: [portkeyStart, `--port=${own}`, '--headless'],
    env: { NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
  }),
  headers: (upstreamUrl) => ({
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstreamUrl}/v1`,
  }),
};

export const CONTENDERS: readonly Contender[] = [bourse, splice, nginx, portkey];
