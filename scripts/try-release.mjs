// Runs the installed release as a user would: `bourse demo` from dist, one answer, a clean stop.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = process.argv[2];
const port = 18080;
const bourse = join(folder, 'node_modules', '.bin', 'bourse');
const demo = spawn(
  process.execPath,
  [bourse, 'demo', '--port', String(port), '--admin-port', '18081'],
  {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
const exited = once(demo, 'exit');

async function answer() {
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'auto',
      messages: [{ role: 'user', content: 'What is 2 + 2?' }],
    }),
  });
  const body = await response.json();
  if (response.status !== 200 || typeof body.choices?.[0]?.message?.content !== 'string') {
    throw new Error(`unexpected answer ${response.status}: ${JSON.stringify(body)}`);
  }
  return response.headers.get('x-bourse-model');
}

let served = null;
for (let i = 0; i < 60 && served === null && demo.exitCode === null; i++) {
  served = await answer().catch((error) =>
    error.cause?.code === 'ECONNREFUSED' ? null : Promise.reject(error),
  );
  if (served === null) await sleep(500);
}
demo.kill('SIGTERM');
const [code] = await exited;
if (served === null || code !== 0) {
  console.error(`the release did not serve (model ${served}, exit code ${code})`);
  process.exit(1);
}
console.log(`the installed release served with ${served} and stopped cleanly`);
