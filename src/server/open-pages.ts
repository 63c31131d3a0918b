import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, fault } from '../kernel/index.ts';
import type { Caller } from '../contract/index.ts';
import { printable } from './admission.ts';
import { refuseEarly, toFault } from './error-response.ts';
import { isLoopbackHost } from './loopback.ts';
import { asMessages, listModels } from './models-list.ts';
import type { ServerHost } from './server-host.ts';

const MODELS_PATH = '/v1/models';
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** What proxies add. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];
const METRICS_ROLE = 'metrics';

/** A body sent along with a request that takes none is swallowed up to this size. */
const STRAY_BODY_BYTES_MAX = 64 * 1024;

/** One request that is not for the model path. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly awaitsContinue: boolean;
}

type Page = (visit: Visit, path: string) => void;

/** Everything on the model port that is not the model path: health, metrics, the list of models, and the 404. */
export class OpenPages {
  readonly #host: ServerHost;
  readonly #createdSeconds: number;
  readonly #pages: ReadonlyMap<string, Page>;

  constructor(host: ServerHost) {
    this.#host = host;
    this.#createdSeconds = Math.floor(host.parts.clock.nowMs() / 1000);
    const live: Page = ({ response }) => sendJson(response, 200, { status: 'ok' });
    this.#pages = new Map<string, Page>([
      ['/health', live],
      ['/health/live', live],
      ['/health/ready', ({ response }) => this.#ready(response)],
      ['/metrics', (visit) => this.#metrics(visit)],
      [MODELS_PATH, (visit) => this.#models(visit)],
    ]);
  }

  /** `isModelPath`: the path takes POST, and something else was tried. */
  answer(visit: Visit, path: string, isModelPath: boolean): void {
    const { request, response } = visit;
    if (this.#host.phase === 'closing') response.setHeader('connection', 'close');
    const method = request.method ?? '';
    const isRead = method === 'GET' || method === 'HEAD';
    const page = this.#pages.get(path) ?? (path.startsWith(`${MODELS_PATH}/`) ? this.#model : null);
    if (page !== null && isRead) {
      page(visit, path);
    } else if (page === null && !isModelPath) {
      this.#fail(visit, fault('BRS_PATH_UNKNOWN', { method, path: printable(path) }));
    } else {
      const allow = isModelPath ? 'POST' : 'GET, HEAD';
      const details = { method, path: printable(path), allowed: allow };
      this.#fail(visit, fault('BRS_METHOD', details), { allow });
    }
  }

  #ready(response: ServerResponse): void {
    const { isReady, reason } =
      this.#host.phase === 'serving'
        ? this.#host.parts.readiness()
        : { isReady: false, reason: 'shutting down' };
    if (isReady) sendJson(response, 200, { status: 'ready' });
    else sendJson(response, 503, { status: 'unavailable', reason });
  }

  /** They tell of all tenants: beyond this host, and through a proxy on it, they are for keys with a role of their own. */
  #metrics(visit: Visit): void {
    const { request, response } = visit;
    if (!isOfThisHost(request) || (this.#host.admission.isKeyRequired && isForwarded(request))) {
      const caller = this.#callerOf(visit);
      if (caller === null) return;
      if (!caller.roles.includes(METRICS_ROLE)) return this.#fail(visit, notForMetrics());
    }
    this.#host.parts.metrics().then(
      (text) => response.writeHead(200, { 'content-type': TEXT }).end(text),
      (error: unknown) => this.#fail(visit, toFault(error, this.#host.parts.log)),
    );
  }

  #models(visit: Visit): void {
    const caller = this.#callerOf(visit);
    if (caller === null) return;
    const data = listModels(this.#host.admission.current(), caller, this.#createdSeconds);
    const isOfMessages = visit.request.headers['anthropic-version'] !== undefined;
    sendJson(visit.response, 200, isOfMessages ? asMessages(data) : { object: 'list', data });
  }

  readonly #model: Page = (visit, path) => {
    const caller = this.#callerOf(visit);
    if (caller === null) return;
    const id = decoded(path.slice(MODELS_PATH.length + 1));
    const models = listModels(this.#host.admission.current(), caller, this.#createdSeconds);
    const model = models.find((entry) => entry.id === id);
    if (model !== undefined) sendJson(visit.response, 200, model);
    else this.#fail(visit, fault('BRS_MODEL_UNKNOWN', { model: printable(id) }));
  };

  /** Null: the visit was refused. */
  #callerOf(visit: Visit): Caller | null {
    const caller = this.#host.admission.authenticate(visit.request);
    if (!(caller instanceof Fault)) return caller;
    this.#fail(visit, caller);
    return null;
  }

  #fail(visit: Visit, problem: Fault, extra: Readonly<Record<string, string>> = {}): void {
    const { parts } = this.#host;
    parts.onRefused?.(problem);
    refuseEarly({ ...visit, problem, keepUpToBytes: STRAY_BODY_BYTES_MAX, extra }, parts.clock);
  }
}

const isOfThisHost = (request: IncomingMessage): boolean =>
  isLoopbackHost(request.socket.remoteAddress ?? '');

const isForwarded = ({ headers }: IncomingMessage): boolean =>
  FORWARDED.some((name) => headers[name] !== undefined);

const notForMetrics = (): Fault =>
  fault('BRS_FORBIDDEN', {
    reason: `Metrics tell of all tenants: ask on the admin port, or with a key that has the role "${METRICS_ROLE}"`,
  });

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
