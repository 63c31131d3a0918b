import type { Instance } from './fleet.ts';

/** What an answer is called where the server does not name it. */
export interface AnswerInfo {
  /** Unique. */
  readonly id: string;
  readonly createdAtSeconds: number;
}

/** A request in a server's own form. */
export interface DialectRequest {
  readonly body: Buffer;
  /** Headers that go with it, lower-case; unset: those of the engine alone. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A streamed answer on its way from a server's own form to chat completions. */
export interface DialectStream {
  /** Events of the chat surface; null: nothing yet. An error of the server's becomes an error event. */
  push(chunk: Buffer): Buffer | null;
  /** The stream has ended. */
  end(): Buffer | null;
}

/** Capability of an engine: a server's own form of chat, translated from chat completions and back. Pure. */
export interface ChatDialect {
  /** The member of a chat request that holds what only it understands; unset: there is none. */
  readonly member?: string;
  /** How the content type of its streams begins. */
  readonly streamType: string;
  /** Throws a fault where the request cannot be put in this form. */
  request(chat: Buffer, instance: Instance): DialectRequest;
  /** A whole answer as a chat completion. Throws a fault where it is none. */
  answer(body: Buffer, info: AnswerInfo): Buffer;
  /** An error as OpenAI writes it; as it is where it is not understood. */
  error(body: Buffer): Buffer;
  openStream(info: AnswerInfo): DialectStream;
}
