import type { Clock, Timer } from '../../kernel/index.ts';
import type { Instance } from '../../contract/index.ts';
import type { LocalModelsAt } from './gguf-engine.ts';
import { Agent, request } from '../undici.ts';
import { KEEP_PATH } from './spec-path.ts';

/** What could not be told is told again after so long. */
const RETRY_MS = 1_000;
const TIMEOUT_MS = 5_000;

export interface KeepTeller {
  /** The instances of the fleet, of all engines. */
  onFleet(instances: readonly Instance[]): void;
  close(): Promise<void>;
}

/**
 * Tells the server of local models which of them the fleet has, so that it lets go of the others. An
 * exchange that never had one tells nothing: a connection would start the server.
 */
export function createKeepTeller(at: LocalModelsAt, clock: Clock): KeepTeller {
  const agent = new Agent({ connections: 1 });
  let wanted: readonly string[] = [];
  let told = '[]';
  let isTelling = false;
  let timer: Timer | null = null;
  let isClosed = false;

  async function tell(): Promise<void> {
    timer = null;
    if (isTelling) return;
    isTelling = true;
    const body = JSON.stringify(wanted);
    const isTold = body === told || (await put(body));
    isTelling = false;
    if (isTold) told = body;
    if (isClosed || JSON.stringify(wanted) === told) return;
    timer = clock.after(isTold ? 0 : RETRY_MS, () => void tell());
  }

  async function put(body: string): Promise<boolean> {
    const headers = { authorization: `Bearer ${at.token}`, 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const options = { dispatcher: agent, method: 'PUT', headers, body, signal } as const;
    try {
      const answer = await request(at.url + KEEP_PATH, options);
      await answer.body.dump();
      return answer.statusCode === 204;
    } catch {
      return false;
    }
  }

  return {
    onFleet(instances) {
      const own = instances.filter(({ url }) => url.startsWith(`${at.url}/`));
      wanted = [...new Set(own.map(({ url }) => url.slice(at.url.length)))].sort();
      if (timer !== null) clock.cancel(timer);
      void tell();
    },
    async close() {
      isClosed = true;
      if (timer !== null) clock.cancel(timer);
      await agent.destroy();
    },
  };
}
