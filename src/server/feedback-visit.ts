import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, fault, isPromise } from '../kernel/index.ts';
import type { Timer } from '../kernel/index.ts';
import type { Caller, FeedbackAnswer } from '../contract/index.ts';
import { printable } from './admission.ts';
import { BodyCollector } from './body-collector.ts';
import type { TenantGate } from './ceilings.ts';
import { refuseEarly, sendFault, toFault } from './error-response.ts';
import { readFeedback } from './feedback-input.ts';
import type { OpenExchange, ServerHost } from './server-host.ts';

export const FEEDBACK_PATH = '/v1/feedback';

/** Feedback is short: a longer body is refused, whatever the limit of the model API. */
const BODY_BYTES_MAX = 64 * 1024;

/** One `POST /v1/feedback`: it counts against the ceilings of its tenant like a request of the model API. */
export class FeedbackVisit implements OpenExchange {
  place = -1;
  readonly #host: ServerHost;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #body = new BodyCollector();
  #gate: TenantGate | null = null;
  #timer: Timer | null = null;
  #isDone = false;

  constructor(host: ServerHost, request: IncomingMessage, response: ServerResponse) {
    this.#host = host;
    this.#request = request;
    this.#response = response;
  }

  isOn(socket: unknown): boolean {
    return this.#request.socket === socket;
  }

  cut(problem: Fault): void {
    this.#fail(problem);
  }

  receive(awaitsContinue: boolean): void {
    const { admission, phase } = this.#host;
    if (phase === 'closing') return this.#refuse(fault('BRS_SHUTTING_DOWN'), awaitsContinue);
    const caller = admission.authenticate(this.#request);
    if (caller instanceof Fault) return this.#refuse(caller, awaitsContinue);
    const wrong = admission.checkHead(this.#request);
    if (wrong !== null) return this.#refuse(wrong, awaitsContinue);
    const gate = admission.ceilings.enter(caller.tenant);
    if (isPromise(gate)) void this.#await(gate, caller, awaitsContinue);
    else this.#enter(gate, caller, awaitsContinue);
  }

  /** The body stays in the socket until it is known whether the visit may enter. */
  async #await(
    entering: Promise<TenantGate | Fault>,
    caller: Caller,
    awaitsContinue: boolean,
  ): Promise<void> {
    this.#response.on('close', () => this.#finish());
    const gate = await entering.catch((error) => toFault(error, this.#host.parts.log));
    if (!this.#isDone) this.#enter(gate, caller, awaitsContinue);
    else if (!(gate instanceof Fault)) this.#host.admission.ceilings.leave(gate);
  }

  #enter(gate: TenantGate | Fault, caller: Caller, awaitsContinue: boolean): void {
    if (gate instanceof Fault) return this.#refuse(gate, awaitsContinue);
    const { admission, parts } = this.#host;
    this.#gate = gate;
    this.#host.open.add(this);
    const { bodyTimeoutMs } = admission.current().server.limits;
    this.#timer = parts.clock.after(bodyTimeoutMs, () =>
      this.#refuse(fault('BRS_BODY_TIMEOUT', { seconds: bodyTimeoutMs / 1000 }), false),
    );
    this.#request.on('data', (piece: Buffer) => this.#onPiece(piece));
    this.#request.on('end', () => this.#onBody(caller));
    this.#response.on('close', () => this.#finish());
    if (awaitsContinue) this.#response.writeContinue();
  }

  #onPiece(piece: Buffer): void {
    if (this.#isDone) return;
    this.#body.add(piece);
    if (this.#body.length > BODY_BYTES_MAX) {
      this.#refuse(fault('BRS_BODY_TOO_LARGE', { limit: BODY_BYTES_MAX }), false);
    }
  }

  #onBody({ tenant }: Caller): void {
    if (this.#isDone) return;
    this.#clearTimer();
    const feedback = readFeedback(this.#body.take());
    if (feedback instanceof Fault) return this.#fail(feedback);
    this.#host.parts.feedback(tenant, feedback).then(
      (answer) => this.#answer(feedback.decision, answer),
      (error: unknown) => this.#fail(toFault(error, this.#host.parts.log)),
    );
  }

  #answer(decision: string, answer: FeedbackAnswer): void {
    if (answer.kind === 'unknown') {
      return this.#fail(fault('BRS_NOT_FOUND', { kind: 'decision', id: printable(decision) }));
    }
    if (answer.kind === 'failed') {
      return this.#fail(
        fault('BRS_STORE', { reason: 'the feedback was not taken: send it again' }),
      );
    }
    if (this.#isDone) return;
    this.#finish();
    const { recorded, known } = answer;
    const body = Buffer.from(
      JSON.stringify({ object: 'feedback', decision_id: decision, recorded, known }),
    );
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    this.#response.writeHead(200, headers).end(body);
  }

  #fail(problem: Fault): void {
    if (this.#isDone) return;
    this.#finish();
    sendFault(this.#response, problem, null);
  }

  #refuse(problem: Fault, awaitsContinue: boolean): void {
    if (this.#isDone) return;
    this.#finish();
    const { parts } = this.#host;
    parts.onRefused?.(problem);
    const refused = { request: this.#request, response: this.#response, problem, awaitsContinue };
    refuseEarly({ ...refused, keepUpToBytes: BODY_BYTES_MAX }, parts.clock);
  }

  #finish(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#clearTimer();
    this.#host.open.delete(this);
    if (this.#gate !== null) this.#host.admission.ceilings.leave(this.#gate);
    this.#gate = null;
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#host.parts.clock.cancel(this.#timer);
    this.#timer = null;
  }
}
