import type { AnswerInfo, DialectStream } from '../../../contract/index.ts';
import { objectIn } from '../openai-face.ts';
import { finishOf, messageOf, timingsOf, usageOf } from './answer.ts';
import type { Said } from './answer.ts';

type Json = Readonly<Record<string, unknown>>;

const LF = 0x0a;
/** The most of an unfinished record that is held. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;

/** Ollama's records, one JSON object a line, as events of the chat surface. */
export class OllamaStream implements DialectStream {
  readonly #info: AnswerInfo;
  #held: Buffer = Buffer.alloc(0);
  #calls = 0;
  #hasRole = false;
  #isOver = false;

  constructor(info: AnswerInfo) {
    this.#info = info;
  }

  push(chunk: Buffer): Buffer | null {
    if (this.#isOver) return null;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const end = bytes.lastIndexOf(LF) + 1;
    this.#held = bytes.subarray(end);
    const out = end === 0 ? '' : this.#read(bytes.toString('utf8', 0, end));
    if (this.#held.length > HELD_BYTES_MAX) {
      this.#isOver = true;
      return Buffer.from(`${out}${errorEvent('a record is too large')}`);
    }
    return out === '' ? null : Buffer.from(out);
  }

  end(): Buffer | null {
    const rest = this.#held.toString();
    this.#held = Buffer.alloc(0);
    const out = this.#isOver ? '' : this.#read(rest);
    return out === '' ? null : Buffer.from(out);
  }

  #read(text: string): string {
    let out = '';
    for (const line of text.split('\n')) {
      if (this.#isOver) break;
      const record = line.trim() === '' ? null : objectIn(line);
      if (record !== null) out += this.#event(record);
    }
    return out;
  }

  #event(record: Json): string {
    if (typeof record['error'] === 'string') {
      this.#isOver = true;
      return errorEvent(record['error']);
    }
    const said = messageOf(record['message'], this.#info.id, this.#calls);
    this.#calls += said.tool_calls?.length ?? 0;
    if (record['done'] !== true) return this.#chunk(record, said, null);
    this.#isOver = true;
    const hasCalled = this.#calls > 0 ? { ...said, tool_calls: [] } : said;
    const last = isSaid(said) ? this.#chunk(record, said, null) : '';
    const finish = this.#chunk(record, { content: null }, finishOf(record, hasCalled));
    const usage = usageOf(record);
    const counted =
      usage === undefined
        ? ''
        : `data: ${JSON.stringify({ ...this.#frame(record), choices: [], usage, timings: timingsOf(record) })}\n\n`;
    return `${last}${finish}${counted}data: [DONE]\n\n`;
  }

  #frame(record: Json): Json {
    return {
      id: `chatcmpl-${this.#info.id}`,
      object: 'chat.completion.chunk',
      created: this.#info.createdAtSeconds,
      model: record['model'],
    };
  }

  #chunk(record: Json, { content, ...rest }: Said, finish: string | null): string {
    const delta: Record<string, unknown> = { ...rest };
    if (!this.#hasRole) delta['role'] = 'assistant';
    this.#hasRole = true;
    if (content !== null) delta['content'] = content;
    const choices = [{ index: 0, delta, finish_reason: finish }];
    return `data: ${JSON.stringify({ ...this.#frame(record), choices })}\n\n`;
  }
}

const isSaid = ({ content, reasoning_content: thought, tool_calls: calls }: Said): boolean =>
  content !== null || thought !== undefined || calls !== undefined;

function errorEvent(message: string): string {
  const error = { message, type: 'server_error', param: null, code: null };
  return `data: ${JSON.stringify({ error })}\n\n`;
}
