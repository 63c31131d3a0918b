import fastify from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { Fault, fault } from '../../kernel/index.ts';
import type { AdminBackend, Config, DecisionView, PolicyAnalysis } from '../../contract/index.ts';
import { errorBody } from '../../wire/index.ts';
import { printable } from '../admission.ts';
import { answerClientError, clientFault } from '../client-error.ts';
import { errorHeaders, toFault } from '../error-response.ts';
import { listen } from '../listen.ts';
import type { Address } from '../listen.ts';
import type { ServerLog } from '../log.ts';
import { assertLoopback } from '../loopback.ts';
import { maxHeaderSize } from '../node-http.ts';
import { assertMayEnter } from './admin-gate.ts';
import { addRoutes } from './admin-routes.ts';

export interface AdminServerParts {
  readonly backend: AdminBackend;
  readonly config: () => Config;
  readonly log: ServerLog;
  /** What conflict analysis says of the running policy. */
  readonly findings: () => Promise<PolicyAnalysis>;
  /** Decides without serving; rejects with `BRS_OFFLINE_INPUT` for what is no request. */
  readonly explain: (request: unknown) => Promise<DecisionView>;
}

export interface AdminServer {
  /** Rejects with `BRS_UNPROTECTED` or `BRS_LISTEN`. */
  listen(): Promise<Address>;
  close(): Promise<void>;
}

/** No route has a schema of the framework's: its compilers, 540 KB of modules, are not loaded. */
const NO_COMPILERS = {
  buildValidator: () => noCompiler,
  buildSerializer: () => noCompiler,
};

function noCompiler(): never {
  throw fault('BRS_INVARIANT', { invariant: 'routes of the admin API have no schema' });
}

const BODY_BYTES_MAX = 4 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

/** The operator's API, on its own port. Its paths and answers are in docs/guides. */
export function createAdminServer(parts: AdminServerParts): AdminServer {
  const { host, port, keySha256 } = parts.config().server.admin;
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    schemaController: { compilersFactory: NO_COMPILERS },
    requestTimeout: REQUEST_TIMEOUT_MS,
    frameworkErrors: (error, _request, reply) => void send(reply, faultOf(error, parts.log)),
    clientErrorHandler: (error, socket) => {
      if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
      else answerClientError(socket, clientFault(error.code, maxHeaderSize));
    },
  });
  readJsonOnly(app);
  app.addHook('onRequest', async (request) => {
    const { admin } = parts.config().server;
    const key = admin.keySha256 ?? keySha256;
    assertMayEnter(request, { host, keySha256: key });
  });
  app.setErrorHandler((error, _request, reply) => send(reply, faultOf(error, parts.log)));
  app.setNotFoundHandler((request, reply) => {
    const path = printable(request.url.split('?')[0]!);
    return send(reply, fault('BRS_PATH_UNKNOWN', { method: request.method, path }));
  });
  addRoutes(app, parts);
  return {
    async listen() {
      if (keySha256 === null) assertLoopback('admin API', host, KEY_REMEDY);
      await app.ready();
      return listen(app.server, { host, port });
    },
    close: () => app.close(),
  };
}

const KEY_REMEDY = 'set server.admin.keySha256 (bourse hash-key makes one)';

/** Nothing but JSON is read, and an empty body is no error: some writes have none. */
function readJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, undefined);
    try {
      done(null, JSON.parse(String(text)));
    } catch {
      done(fault('BRS_ADMIN_INPUT', { place: 'body', reason: 'is not valid JSON' }));
    }
  });
}

function faultOf(error: unknown, log: ServerLog): Fault {
  if (Fault.isInstance(error)) return error;
  const { code, statusCode } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return fault('BRS_BODY_TOO_LARGE', { limit: BODY_BYTES_MAX });
  }
  if (statusCode !== undefined && statusCode < 500) {
    return fault('BRS_ADMIN_INPUT', { place: 'request', reason: 'cannot be read' });
  }
  return toFault(error, log);
}

function send(reply: FastifyReply, problem: Fault): FastifyReply {
  const body = errorBody(problem);
  return reply
    .code(problem.httpStatus)
    .headers(errorHeaders(problem, body, null))
    .send(body);
}
