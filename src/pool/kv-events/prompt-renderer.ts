import { objectIn } from '../engines/openai-face.ts';
import { Agent, request } from '../undici.ts';

/** A request as it was sent to an engine. */
export interface SentPrompt {
  /** Base of the server that renders. */
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const DEADLINE_MS = 5_000;
/** How long a path that a server does not have is not asked for. */
const LACKING_MS = 300_000;
const SERVERS_MAX = 1_024;
const TEMPLATE_MEMBERS = [
  'model',
  'messages',
  'tools',
  'chat_template',
  'chat_template_kwargs',
  'add_generation_prompt',
  'continue_final_message',
  'add_special_tokens',
  'mm_processor_kwargs',
];

/** Has prompts rendered to token ids by the servers that they were sent to. */
export class PromptRenderer {
  readonly #agent = new Agent({ connections: 1, pipelining: 1, allowH2: false });
  /** By server and path, when it was found not to have it. */
  readonly #lacking = new Map<string, number>();
  readonly #nowMs: () => number;

  /** `nowMs`: monotonic. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * The token ids; null where the server cannot say. The path of the request with `/render` takes it as it
   * is; `/tokenize`, which older servers have alone, takes what a template is filled with. Never rejects.
   */
  async render(sent: SentPrompt): Promise<readonly number[] | null> {
    const rendered = await this.#ask(sent, `${sent.path}/render`, sent.body);
    if (rendered !== null) return tokensIn(rendered);
    const question = questionOf(sent.body);
    if (question === null) return null;
    const tokens = await this.#ask(sent, '/tokenize', question);
    return tokens === null ? null : tokensIn(tokens);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(sent: SentPrompt, path: string, body: string | Buffer): Promise<string | null> {
    const url = sent.url + path;
    if (this.#nowMs() - (this.#lacking.get(url) ?? -Infinity) < LACKING_MS) return null;
    try {
      const answer = await request(url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: sent.headers,
        body,
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      const { statusCode: status } = answer;
      if (status === 200) return await textOf(answer.body);
      if (status === 404 || status === 405 || status === 501) {
        if (this.#lacking.size >= SERVERS_MAX) this.#lacking.clear();
        this.#lacking.set(url, this.#nowMs());
      }
      await answer.body.dump();
    } catch {
      // It does not answer, or too much: it is asked again for the next prompt.
    }
    return null;
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Null where the request is no chat and no text. */
function questionOf(body: Buffer): string | null {
  const asked = objectIn(body.toString());
  if (asked === null) return null;
  if (typeof asked['prompt'] === 'string') {
    const { model, prompt, add_special_tokens: special } = asked;
    return JSON.stringify({ model, prompt, add_special_tokens: special });
  }
  if (!Array.isArray(asked['messages'])) return null;
  const { reasoning_effort: effort, chat_template_kwargs: given } = asked;
  const question = Object.fromEntries(TEMPLATE_MEMBERS.map((name) => [name, asked[name]]));
  if (effort !== undefined) {
    question['chat_template_kwargs'] = { reasoning_effort: effort, ...(given as object) };
  }
  return JSON.stringify(question);
}

/**
 * `tokens` of an answer of `/tokenize`; `token_ids` or `prompt_token_ids` of a rendered prompt, which
 * may stand in a list, of one or beside the conversation.
 */
export function tokensIn(text: string): readonly number[] | null {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return null;
  }
  return findTokens(answer, 0);
}

const TOKEN_MEMBERS = ['tokens', 'token_ids', 'prompt_token_ids'];
const DEPTH_MAX = 4;

function findTokens(value: unknown, depth: number): readonly number[] | null {
  if (depth > DEPTH_MAX || typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) {
    for (const name of TOKEN_MEMBERS) {
      const tokens = (value as Readonly<Record<string, unknown>>)[name];
      if (Array.isArray(tokens) && tokens.length > 0 && tokens.every(isToken)) return tokens;
    }
    return null;
  }
  const found = value.map((each) => findTokens(each, depth + 1)).filter((each) => each !== null);
  // Several prompts in one request have no beginning in common that could be told.
  return found.length === 1 ? found[0]! : null;
}

const isToken = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
