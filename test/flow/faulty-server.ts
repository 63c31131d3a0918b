import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Written to a request in place of an answer, or to a part of one. */
export interface Fault {
  readonly name: string;
  /** When it strikes, of the client's first content. */
  readonly when: 'before' | 'after' | 'never';
  /** For streams, for whole answers, or for both. */
  readonly of: 'stream' | 'whole' | 'both';
  /** A time-out ends it: it is not tried in every way. */
  readonly isSlow?: boolean;
  strike(socket: Socket, good: Good): void;
}

/** What a healthy server would have answered, to be mangled. */
export interface Good {
  readonly isStream: boolean;
  /** The events of a stream, or the one body. */
  readonly parts: readonly Buffer[];
}

const WORDS = 8;
/** Each new answer of a case has words of its own, with characters of several bytes. */
export const answerOf = (key: string, count: number): readonly string[] =>
  Array.from({ length: WORDS }, (_, i) => `${i === 0 ? '' : ' '}${key}·${count}é${i}😀`);

interface AskedBody {
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
  readonly prompt?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly continue_final_message?: boolean;
  readonly max_tokens?: number;
}

/** What happened to the requests of one case, on all servers. */
export interface Case {
  readonly key: string;
  readonly fault: Fault | null;
  dispatches: number;
  continuations: number;
}

/** Some servers that share their cases: the first dispatch of a case gets its fault, all further ones a good answer. */
export class FaultyFleet {
  readonly cases = new Map<string, Case>();
  readonly #servers: FaultyServer[] = [];

  async listen(): Promise<FaultyServer> {
    const server = new FaultyServer(this);
    await server.open();
    this.#servers.push(server);
    return server;
  }

  add(key: string, fault: Fault | null): Case {
    const made = { key, fault, dispatches: 0, continuations: 0 };
    this.cases.set(key, made);
    return made;
  }

  /** Requests whose connection is open and that have not been answered to their end. */
  get open(): number {
    return this.#servers.reduce((sum, server) => sum + server.busy.size, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}

export class FaultyServer {
  readonly busy = new Set<Socket>();
  readonly #fleet: FaultyFleet;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#serve(socket));

  constructor(fleet: FaultyFleet) {
    this.#fleet = fleet;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let got = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.busy.delete(socket);
    });
    socket.on('data', (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      const end = got.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = got.toString('latin1', 0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (got.length < end + 4 + length) return;
      const body = got.toString('utf8', end + 4, end + 4 + length);
      got = got.subarray(end + 4 + length);
      if (head.startsWith('POST')) this.#answer(socket, head, body);
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
  }

  #answer(socket: Socket, head: string, body: string): void {
    const asked = JSON.parse(body) as AskedBody;
    const of = this.#fleet.cases.get(/case-[\w-]+?(?=\.)/.exec(body)?.[0] ?? '');
    if (of === undefined) {
      socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    of.dispatches++;
    if (asked.continue_final_message === true) of.continuations++;
    const good = goodAnswer(asked, of, head.includes('/chat/'));
    const isFirst = of.dispatches === 1;
    if (isFirst && of.fault !== null) {
      this.busy.add(socket);
      of.fault.strike(socket, good);
      return;
    }
    const [type, payload] = [contentType(good), Buffer.concat(good.parts)];
    const length = `content-length: ${payload.length}\r\nconnection: close\r\n\r\n`;
    socket.write(`HTTP/1.1 200 OK\r\n${type}${length}`);
    socket.end(payload);
  }
}

export const contentType = ({ isStream }: Good): string =>
  `content-type: ${isStream ? 'text/event-stream' : 'application/json'}\r\n`;

/** What was begun is the beginning of one of the answers of the case, and goes on with it. */
function goodAnswer(asked: AskedBody, of: Case, isChat: boolean): Good {
  const last = asked.messages?.at(-1);
  const prompt = `${of.key}. `;
  const begun =
    asked.continue_final_message === true
      ? String(last!.content)
      : isChat
        ? ''
        : asked.prompt!.slice(prompt.length);
  let count = of.dispatches;
  let text = '';
  if (begun !== '') {
    for (count = 1; count < of.dispatches; count++) {
      text = answerOf(of.key, count).join('');
      if (text.startsWith(begun)) break;
    }
    if (!text.startsWith(begun)) throw new Error(`handed back ${begun}`);
  }
  const words =
    begun === '' ? answerOf(of.key, count) : (text.slice(begun.length).match(/ ?[^ ]+/g) ?? []);
  const usage = {
    prompt_tokens: 10,
    completion_tokens: words.length,
    total_tokens: 10 + words.length,
  };
  const frame = { id: `up-${count}`, created: 1, model: 'm' };
  if (asked.stream !== true) {
    const said = isChat
      ? { message: { role: 'assistant', content: words.join('') } }
      : { text: words.join('') };
    const choices = [{ index: 0, ...said, finish_reason: 'stop' }];
    const object = isChat ? 'chat.completion' : 'text_completion';
    return {
      isStream: false,
      parts: [Buffer.from(JSON.stringify({ ...frame, object, choices, usage }))],
    };
  }
  const event = (choices: readonly object[], more: object = {}): Buffer =>
    Buffer.from(
      `event: message\r\ndata: ${JSON.stringify({ ...frame, object: 'chunk', choices, ...more })}\r\n\r\n`,
    );
  const piece = (content: string, finish: string | null): object =>
    isChat
      ? { index: 0, delta: content === '' ? {} : { content }, finish_reason: finish }
      : { index: 0, text: content, finish_reason: finish };
  const role = isChat ? { index: 0, delta: { role: 'assistant', content: '' } } : piece('', null);
  const parts = [event([role]), ...words.map((word) => event([piece(word, null)]))];
  parts.push(event([piece('', 'stop')]));
  if (asked.stream_options?.include_usage === true) parts.push(event([], { usage }));
  return { isStream: true, parts: [...parts, Buffer.from('data: [DONE]\r\n\r\n')] };
}
