import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS, STATIC_ANSWER } from './answers.ts';
import { findProgram } from './processes.ts';
import type { Command } from './processes.ts';

export const NGINX = findProgram('nginx');
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** One nginx process, in the foreground, that keeps all of its files in `workDir`. */
function nginx(name: string, http: string, workDir: string): Command {
  const folder = join(workDir, name);
  mkdirSync(folder, { recursive: true });
  const temporary = TEMPORARY.map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join(' ');
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `worker_processes 1; daemon off; master_process off;
pid ${join(folder, 'pid')}; error_log stderr;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
client_max_body_size 10m; client_body_buffer_size 1m; ${temporary}
${http} }\n`,
  );
  return { command: NGINX ?? 'nginx', args: ['-p', folder, '-c', file] };
}

/** The cheapest upstream there is: one fixed answer, sent by nginx itself. */
export function nginxMock(port: number, workDir: string): Command {
  const metrics = METRICS.replaceAll('"', String.raw`\"`).replaceAll('\n', String.raw`\n`);
  return nginx(
    `mock-${port}`,
    `server { listen 127.0.0.1:${port} backlog=1024; default_type application/json;
location / { return 200 '${STATIC_ANSWER}'; }
location = /metrics { default_type text/plain; return 200 "${metrics}"; } }`,
    workDir,
  );
}

export function nginxProxy(port: number, upstreamUrl: string, workDir: string): Command {
  const { host } = new URL(upstreamUrl);
  return nginx(
    `proxy-${port}`,
    `upstream up { server ${host}; keepalive 256; keepalive_requests 1000000000; }
server { listen 127.0.0.1:${port} backlog=1024; location / { proxy_pass http://up;
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; } }`,
    workDir,
  );
}
