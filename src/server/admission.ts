import type { IncomingMessage } from 'node:http';
import { Fault, fault } from '../kernel/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { Caller, Config, SharedRates } from '../contract/index.ts';
import { authenticate, createKeyRing } from './authentication.ts';
import type { Connection, KeyRing } from './authentication.ts';
import { Ceilings } from './ceilings.ts';
import { isForeignPage, isLoopbackHost } from './loopback.ts';

/** The door: who asks, and whether what the head announces is acceptable. Follows a reloaded configuration. */
export class Admission {
  readonly ceilings: Ceilings;
  readonly #readConfig: () => Config;
  readonly #host: string;
  readonly #isLoopback: boolean;
  #config: Config;
  #ring: KeyRing;

  /** `host` is what the server is bound to: a reload that drops every key does not open another one. */
  constructor(config: () => Config, host: string, clock: Clock, rates?: SharedRates) {
    this.#readConfig = config;
    this.#host = host;
    this.#isLoopback = isLoopbackHost(host);
    this.#config = config();
    this.#ring = createKeyRing(this.#config.keys, !this.#isLoopback);
    this.ceilings = new Ceilings(clock, rates);
    this.ceilings.configure(this.#config);
  }

  /** The configuration in force, for one request. */
  current(): Config {
    const config = this.#readConfig();
    if (config !== this.#config) {
      this.#config = config;
      this.#ring = createKeyRing(config.keys, !this.#isLoopback);
      this.ceilings.configure(config);
    }
    return this.#config;
  }

  get isKeyRequired(): boolean {
    return this.#ring.isRequired;
  }

  /** Without keys, loopback is the only fence, so web pages that reach over it are turned away. */
  authenticate(request: IncomingMessage): Caller | Fault {
    this.current();
    const caller = authenticate(request.headers, this.#ring, request.socket as Connection);
    if (!this.#ring.isRequired && isForeignPage(request.headers, this.#host)) {
      return fault('BRS_FORBIDDEN', {
        reason: 'Without API keys only this host may ask, under a loopback name: configure "keys"',
      });
    }
    return caller;
  }

  /** What is wrong with the announced body, if anything. */
  checkHead(request: IncomingMessage): Fault | null {
    const { headers } = request;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      return fault('BRS_BODY_ENCODING', { encoding: printable(encoding) });
    }
    const limit = this.#config.server.limits.bodyBytes;
    const announced = headers['content-length'];
    if (announced !== undefined && Number(announced) > limit) {
      return fault('BRS_BODY_TOO_LARGE', { limit });
    }
    return null;
  }
}

/** Client-supplied text, short and in plain characters, fit for a message. */
export function printable(text: string): string {
  const plain = text.slice(0, 128).replaceAll(/[^\x20-\x7e]/g, '?');
  return text.length > 128 ? `${plain}…` : plain;
}
