import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Clock, Rng } from '../kernel/index.ts';
import type { AnswerError } from './answer-error.ts';
import type { EngineModel } from './engine-model.ts';
import type { SimulatedSpec } from './engine-spec.ts';
import type { ActiveFault, SimulatedFault } from './fault-injection.ts';
import type { Generation, GenerationPorts } from './generation.ts';
import type { GenerationContext } from './plan-generation.ts';
import { assert } from '../kernel/index.ts';
import { badRequest, notFound, sendError, sendJson } from './answer-error.ts';
import { runEmbedding } from './embed.ts';
import { EngineMetrics } from './engine-metrics.ts';
import { createEngineModel } from './engine-model.ts';
import { faultSchema, NO_FAULT } from './fault-injection.ts';
import { runGeneration } from './generation.ts';
import { planChat, planCompletion } from './plan-generation.ts';
import { readBody } from './read-body.ts';
import { chatSchema, completionSchema, embeddingSchema } from './request-body.ts';
import { scaleClock } from './scaled-clock.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface DeskOptions {
  readonly spec: SimulatedSpec;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Divides all times of the engine. */
  readonly speedup: number;
}

const VERSION = '0.11.0+bourse.simulated';
const SERVER_ERROR: AnswerError = {
  status: 500,
  type: 'InternalServerError',
  message: 'Injected fault.',
  param: null,
};
const RATE_LIMITED: AnswerError = {
  status: 429,
  type: 'RateLimitError',
  message: 'Injected fault: too many requests.',
  param: null,
};

/** The requests of one simulated server: finds the handler, reads the body, plans, hands over to the engine. */
export class Desk {
  readonly engine: EngineModel;
  readonly #spec: SimulatedSpec;
  readonly #metrics: EngineMetrics;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #handlers: ReadonlyMap<string, Handler>;
  #fault: ActiveFault = NO_FAULT;

  constructor({ spec, clock, rng, speedup }: DeskOptions) {
    const { kvBlocks, blockSize } = spec.engine;
    assert(spec.contextWindowTokens <= kvBlocks * blockSize, 'KV memory holds the context window');
    this.#spec = spec;
    this.#clock = clock;
    this.#rng = rng;
    this.#metrics = new EngineMetrics(spec);
    this.engine = createEngineModel({ clock: scaleClock(clock, speedup), rng, spec: spec.engine });
    this.#handlers = new Map([
      ...this.#readHandlers(),
      ...(spec.answers === null ? this.#embeddingHandlers() : this.#generationHandlers()),
    ]);
  }

  setFault(fault: SimulatedFault): void {
    this.#fault = faultSchema.parse(fault);
    this.engine.setSlowdown(this.#fault.kind === 'slow' ? this.#fault.factor : 1);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0]!;
    if (path === '/sim/fault' && request.method === 'POST') {
      await this.#receiveFault(request, response);
      return;
    }
    if (this.#fault.kind === 'refuse') {
      request.socket.destroy();
      return;
    }
    const handler = this.#handlers.get(`${request.method} ${path}`);
    if (handler === undefined) {
      request.resume();
      sendError(response, notFound('Not Found'));
      return;
    }
    await handler(request, response);
  }

  #readHandlers(): [string, Handler][] {
    const { model, contextWindowTokens } = this.#spec;
    const created = Math.floor(this.#clock.nowMs() / 1000);
    const card = { id: model, object: 'model', created, owned_by: 'bourse-simulator', root: model };
    const models = { object: 'list', data: [{ ...card, max_model_len: contextWindowTokens }] };
    return [
      ['GET /health', (_, response) => void response.writeHead(200).end()],
      ['GET /ping', (_, response) => void response.writeHead(200).end()],
      ['GET /version', (_, response) => sendJson(response, { version: VERSION })],
      ['GET /v1/models', (_, response) => sendJson(response, models)],
      [
        'GET /metrics',
        (_, response) => {
          response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
          response.end(this.#metrics.render(this.engine.stats()));
        },
      ],
    ];
  }

  #generationHandlers(): [string, Handler][] {
    const chat = this.#modelHandler(chatSchema, (body, ports) =>
      start(planChat(body, this.#context()), ports),
    );
    const completion = this.#modelHandler(completionSchema, (body, ports) =>
      start(planCompletion(body, this.#context()), ports),
    );
    return [
      ['POST /v1/chat/completions', chat],
      ['POST /v1/completions', completion],
    ];
  }

  #embeddingHandlers(): [string, Handler][] {
    const embedding = this.#modelHandler(embeddingSchema, (body, ports) =>
      runEmbedding(body, this.#spec, ports),
    );
    return [['POST /v1/embeddings', embedding]];
  }

  /** What every model path does before and after `run`, which returns what is wrong with a body, if anything. */
  #modelHandler<Body extends { readonly model: string }>(
    schema: z.ZodType<Body>,
    run: (body: Body, ports: GenerationPorts) => AnswerError | null,
  ): Handler {
    return async (request, response) => {
      const fault = this.#fault;
      const read = await readBody(request);
      if (response.destroyed || fault.kind === 'hang') return;
      if (fault.kind === 'error500') return sendError(response, SERVER_ERROR);
      if (fault.kind === 'rate-limit') {
        return sendError(response, RATE_LIMITED, { 'retry-after': '1' });
      }
      if (read.kind === 'error') return sendError(response, read.error);
      const body = schema.safeParse(read.value);
      if (!body.success) return sendError(response, schemaProblem(body.error));
      if (body.data.model !== this.#spec.model) {
        const message = `The model \`${body.data.model.slice(0, 200)}\` does not exist.`;
        return sendError(response, notFound(message, 'model'));
      }
      const { engine } = this;
      const problem = run(body.data, { engine, metrics: this.#metrics, fault, response });
      if (problem !== null) sendError(response, problem);
    };
  }

  /** From this machine only, and as JSON: a web page cannot send that to a stranger's port unasked. */
  async #receiveFault(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isLocal = /^(::1|(::ffff:)?127\.[\d.]+)$/.test(request.socket.remoteAddress ?? '');
    const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
    if (!isLocal || !isJson) {
      request.resume();
      const message = 'Faults are set from this machine, with content-type application/json.';
      return sendError(response, { status: 403, type: 'Forbidden', message, param: null });
    }
    const read = await readBody(request);
    if (read.kind === 'error') return sendError(response, read.error);
    const fault = faultSchema.safeParse(read.value);
    if (!fault.success) return sendError(response, schemaProblem(fault.error));
    this.setFault(fault.data);
    sendJson(response, { fault: fault.data });
  }

  #context(): GenerationContext {
    const word = (): string =>
      Math.floor(this.#rng.next() * 0x100000000)
        .toString(16)
        .padStart(8, '0');
    return {
      spec: this.#spec,
      nowMs: this.#clock.nowMs(),
      newId: () => word() + word() + word() + word(),
    };
  }
}

function start(planned: Generation | AnswerError, ports: GenerationPorts): AnswerError | null {
  if ('status' in planned) return planned;
  runGeneration(planned, ports);
  return null;
}

function schemaProblem(error: z.ZodError): AnswerError {
  const issue = error.issues[0]!;
  const path = issue.path.join('.');
  return badRequest(path === '' ? issue.message : `${path}: ${issue.message}`, path || null);
}
