import { andThen, isPromise } from '../kernel/index.ts';
import type { Decision, FlowController, Ingress, ResponseSink } from '../contract/index.ts';
import { MessageStream, chatFromMessages, messageErrorOf, messageFromChat } from '../wire/index.ts';
import { MESSAGES_ERRORS } from './edge.ts';
import type { Edge } from './edge.ts';

export const MESSAGES_PATH = '/v1/messages';
export const COUNT_PATH = '/v1/messages/count_tokens';

/** Text of about this many bytes is one token. */
const BYTES_PER_TOKEN = 4;
/** Ids that a client makes up are no longer than this. */
const SESSION_CHARS_MAX = 512;
const SESSION_HEADERS = ['x-session-id', 'x-conversation-id', 'x-bourse-session'];
const NO_FLOW: FlowController = { pause: () => {}, resume: () => {}, abort: () => {} };

/** `POST /v1/messages`, as Anthropic has it. */
export const MESSAGES_EDGE: Edge = {
  errors: MESSAGES_ERRORS,
  handle(route, ingress, client) {
    const chat = asChat(ingress);
    return route.handle(chat, new MessagesSink(client, chat));
  },
};

/** `POST /v1/messages/count_tokens`: what the market takes the prompt to be at the instance that would serve it. */
export const COUNT_EDGE: Edge = {
  errors: MESSAGES_ERRORS,
  handle(route, ingress, client) {
    const counted = andThen(route.decide(asChat(ingress)), (decision) => {
      const headers = { 'content-type': 'application/json' };
      client.onStart(200, headers, NO_FLOW);
      client.onData(Buffer.from(JSON.stringify({ input_tokens: promptTokensOf(decision) })));
      client.onEnd();
    });
    if (isPromise(counted)) counted.catch((error: unknown) => client.onError(error as Error));
    return NO_FLOW;
  },
};

function promptTokensOf({ result, workload }: Decision): number {
  const estimate = Math.ceil(workload.promptBytes / BYTES_PER_TOKEN);
  return result.kind === 'award' ? (result.ranked[0]?.promptTokens ?? estimate) : estimate;
}

/** The request as chat. Clients of Anthropic's say whom they ask for in the body: that is their session. */
function asChat(ingress: Ingress): Ingress {
  const betas = ingress.headers['anthropic-beta'];
  const { chat, userId } = chatFromMessages(
    ingress.bytes,
    betas === undefined ? null : String(betas),
  );
  const { headers } = ingress;
  const isNamed = SESSION_HEADERS.some((name) => headers[name] !== undefined);
  const isSession = !isNamed && userId !== null && userId.length <= SESSION_CHARS_MAX;
  return {
    ...ingress,
    surface: 'chat',
    bytes: chat,
    headers: isSession ? { ...headers, 'x-bourse-session': userId } : headers,
  };
}

/** Turns a chat answer into one of the messages surface, on its way to the client. */
class MessagesSink implements ResponseSink {
  readonly #client: ResponseSink;
  readonly #ingress: Ingress;
  #status = 0;
  #stream: MessageStream | null = null;
  readonly #body: Buffer[] = [];

  constructor(client: ResponseSink, ingress: Ingress) {
    this.#client = client;
    this.#ingress = ingress;
  }

  onStart(status: number, headers: Readonly<Record<string, string>>, flow: FlowController): void {
    this.#status = status;
    if (headers['content-type']?.startsWith('text/event-stream')) {
      const { id, bytes } = this.#ingress;
      const inputTokens = Math.ceil(bytes.length / BYTES_PER_TOKEN);
      this.#stream = new MessageStream({ id, model: '', inputTokens });
    }
    this.#client.onStart(status, headers, flow);
  }

  onData(chunk: Buffer): boolean {
    if (this.#stream === null) {
      this.#body.push(chunk);
      return true;
    }
    const out = this.#stream.push(chunk);
    return out === null || this.#client.onData(out);
  }

  onEnd(): void {
    const client = this.#client;
    try {
      const last = this.#stream === null ? this.#whole() : this.#stream.end();
      if (last !== null) client.onData(last);
    } catch (error) {
      client.onError(error as Error);
      return;
    }
    client.onEnd();
  }

  onError(error: Error): void {
    this.#client.onError(error);
  }

  #whole(): Buffer {
    const body = Buffer.concat(this.#body);
    return this.#status < 400
      ? messageFromChat(body, this.#ingress.id)
      : messageErrorOf(body, this.#status);
  }
}
