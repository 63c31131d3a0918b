import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Surface } from '../contract/index.ts';
import { Admission } from './admission.ts';
import { answerClientError, clientFault } from './client-error.ts';
import type { Edge } from './edge.ts';
import { Exchange } from './exchange.ts';
import type { Door } from './exchange.ts';
import { FEEDBACK_PATH, FeedbackVisit } from './feedback-visit.ts';
import { HandedSockets } from './handed-sockets.ts';
import type { Doorway } from './handed-sockets.ts';
import { listen } from './listen.ts';
import type { Address } from './listen.ts';
import { KEY_REMEDY, assertLoopback } from './loopback.ts';
import { COUNT_EDGE, COUNT_PATH, MESSAGES_EDGE, MESSAGES_PATH } from './messages-edge.ts';
import { createServer } from './node-http.ts';
import { OpenExchanges } from './open-exchanges.ts';
import { OpenPages } from './open-pages.ts';
import type { ModelServerParts, ServerHost } from './server-host.ts';
import { shutDown } from './shutdown.ts';
import type { ShutdownPhases } from './shutdown.ts';

export interface ModelServer {
  /** Rejects with `BRS_UNPROTECTED` or `BRS_LISTEN`. */
  listen(): Promise<Address>;
  /** Instead of `listen`: serves what another process has accepted, until `onClosing`. */
  openToHanded(onClosing: () => void): HandedSockets;
  /** Shuts down in phases (DESIGN §8); those of the configuration unless given. */
  close(phases?: ShutdownPhases): Promise<void>;
  /** Requests in flight, as the drain of a shutdown counts them. */
  readonly openRequests: number;
  /** False where everybody may ask. */
  readonly isKeyRequired: boolean;
}

const door = (surface: Surface, edge: Edge | null = null): Door => ({ surface, edge });

const DOORS: ReadonlyMap<string, Door> = new Map([
  ['/v1/chat/completions', door('chat')],
  ['/v1/completions', door('completions')],
  ['/v1/embeddings', door('embeddings')],
  ['/v1/responses', door('responses')],
  [MESSAGES_PATH, door('chat', MESSAGES_EDGE)],
  [COUNT_PATH, door('chat', COUNT_EDGE)],
]);

/** Longer than the idle time of the load balancers in front, so that they close first. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_TIMEOUT_MS = 20_000;
/** Node's own time-out of a body stands behind the exchange's, for bodies that nobody waits for. */
const REQUEST_TIMEOUT_MARGIN_MS = 5_000;
const CHECK_CONNECTIONS_MS = 2_000;
const HEADERS_MAX = 200;

/** The OpenAI-compatible server: bare `node:http`, since a framework costs as much as the routing. */
export function createModelServer(parts: ModelServerParts): ModelServer {
  const first = parts.config().server;
  const admission = new Admission(parts.config, first.host, parts.clock, parts.rates);
  const host: ServerHost = { parts, admission, open: new OpenExchanges(), phase: 'serving' };
  const pages = new OpenPages(host);
  const server = createServer(
    {
      maxHeaderSize: first.limits.headerBytes,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout:
        Math.max(first.limits.bodyTimeoutMs, HEADERS_TIMEOUT_MS) + REQUEST_TIMEOUT_MARGIN_MS,
      connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
    },
    (request, response) => receive(request, response, false),
  );
  server.maxConnections = first.limits.connections;
  server.maxHeadersCount = HEADERS_MAX;
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    receive(request, response, true),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    onClientError(error, socket, host),
  );
  let doorway: Doorway = server;

  function receive(
    request: IncomingMessage,
    response: ServerResponse,
    awaitsContinue: boolean,
  ): void {
    const target = request.url!;
    let path = target;
    let opened = DOORS.get(target);
    if (opened === undefined) {
      path = pathOf(target);
      opened = DOORS.get(path);
    }
    if (opened !== undefined && request.method === 'POST') {
      new Exchange(host, request, response, opened).receive(awaitsContinue);
    } else if (path === FEEDBACK_PATH && request.method === 'POST') {
      new FeedbackVisit(host, request, response).receive(awaitsContinue);
    } else {
      const isModelPath = opened !== undefined || path === FEEDBACK_PATH;
      pages.answer({ request, response, awaitsContinue }, path, isModelPath);
    }
  }

  return {
    get isKeyRequired() {
      return admission.isKeyRequired;
    },
    get openRequests() {
      return host.open.size;
    },
    async listen() {
      if (admission.current().keys.length === 0)
        assertLoopback('model API', first.host, KEY_REMEDY);
      return listen(server, { host: first.host, port: first.port });
    },
    openToHanded(onClosing) {
      const handed = new HandedSockets(server, onClosing);
      doorway = handed;
      return handed;
    },
    close: (phases) => shutDown(doorway, host, phases ?? parts.config().server.shutdown),
  };
}

/** While an answer is under way on the same connection, nothing may be written into it. */
function onClientError(error: NodeJS.ErrnoException, socket: Socket, host: ServerHost): void {
  const isBusy = host.open.all().some((exchange) => exchange.isOn(socket));
  if (isBusy || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = clientFault(error.code, host.admission.current().server.limits.headerBytes);
  host.parts.onRefused?.(problem);
  answerClientError(socket, problem);
}

/** The path of a request target, without the query. */
function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}
