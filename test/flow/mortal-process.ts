import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT, eventually } from './demo-exchange.ts';

/** A `mortal-server.ts` that can be killed and started again at the same place. */
export class MortalProcess {
  port = 0;
  #child: ChildProcess | null = null;
  #lines: string[] = [];

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Prompts that have arrived since it was started. */
  get asked(): readonly string[] {
    return this.#lines.filter((line) => line.startsWith('asked ')).map((line) => line.slice(6));
  }

  async start(): Promise<void> {
    const file = join(ROOT, 'test', 'flow', 'mortal-server.ts');
    const child = spawn(process.execPath, [file, String(this.port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    this.#lines = [];
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const lines = text.split('\n');
      text = lines.pop()!;
      this.#lines.push(...lines);
    });
    const line = await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
      return this.#lines.find((each) => each.startsWith('listening '));
    });
    this.port = Number(line.slice('listening '.length));
  }

  /** Lets those go on that it holds. */
  go(): void {
    this.#child!.stdin!.write('go\n');
  }

  /** Ends this process (and only this one), at once. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
