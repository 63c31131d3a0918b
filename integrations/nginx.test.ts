import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, startDemo } from './demo.ts';
import type { Demo } from './demo.ts';

const hasNginx = spawnSync('nginx', ['-v']).status === 0;

describe.skipIf(!hasNginx)(
  `behind nginx with its defaults (${hasNginx ? 'present' : 'skipped: absent'})`,
  () => {
    let demo: Demo;
    let url: string;
    let stop: () => Promise<void>;

    beforeAll(async () => {
      demo = await startDemo();
      const folder = await mkdtemp(join(tmpdir(), 'bourse-nginx-'));
      const port = await freePort();
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      await writeFile(
        join(folder, 'nginx.conf'),
        `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 64; }
http { access_log off; ${paths.map((path) => `${path}_temp_path ${folder}/${path};`).join(' ')}
  server { listen 127.0.0.1:${port}; location / { proxy_pass ${demo.url}; } } }`,
      );
      const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
        stdio: 'ignore',
      });
      const exited = once(nginx, 'exit');
      url = `http://127.0.0.1:${port}`;
      stop = async () => {
        nginx.kill('SIGTERM');
        await exited;
        await rm(folder, { recursive: true, force: true });
      };
      while ((await fetch(`${url}/health/live`).catch(() => null))?.status !== 200) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    afterAll(async () => {
      await stop();
      await demo.close();
    });

    test('a stream arrives event by event, not in one piece at its end', async () => {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'auto',
          stream: true,
          max_tokens: 40,
          messages: [{ role: 'user', content: 'Tell me a story.' }],
        }),
      });
      let reads = 0;
      let text = '';
      for await (const chunk of response.body!) {
        reads++;
        text += Buffer.from(chunk).toString();
      }
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
      expect(reads).toBeGreaterThan(5);
    });
  },
);
