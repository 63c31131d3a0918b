import { fault } from '../../kernel/index.ts';
import { wrongType } from '../read-field.ts';
import { isObject } from '../usage.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Chat messages, and whether they hold marks that chat has no place for. */
export interface ReadMessages {
  readonly messages: readonly Json[];
  readonly hasMarks: boolean;
}

/** The system prompt and the turns of the messages surface as chat messages. */
export function messagesOf(system: unknown, turns: unknown): ReadMessages {
  const reader = new Reader();
  reader.readSystem(system);
  if (!Array.isArray(turns)) throw wrongType('messages', 'an array of messages');
  for (const [i, turn] of (turns as readonly unknown[]).entries()) {
    reader.readTurn(turn, `messages[${i}]`);
  }
  return { messages: reader.messages, hasMarks: reader.hasMarks };
}

class Reader {
  readonly messages: Json[] = [];
  hasMarks = false;

  readSystem(system: unknown): void {
    if (system === null || system === undefined) return;
    const content = typeof system === 'string' ? system : this.#texts(system, 'system');
    if (content.length > 0) this.messages.push({ role: 'system', content });
  }

  readTurn(turn: unknown, place: string): void {
    if (!isObject(turn)) throw wrongType(place, 'an object');
    const { role, content } = turn;
    if (role !== 'user' && role !== 'assistant' && role !== 'system') {
      throw wrongType(`${place}.role`, '"user" or "assistant"');
    }
    if (typeof content === 'string') {
      this.messages.push({ role, content });
      return;
    }
    if (!Array.isArray(content)) {
      throw wrongType(`${place}.content`, 'a string or an array of blocks');
    }
    if (role === 'assistant') this.#readAssistant(content, `${place}.content`);
    else this.#readUser(role, content, `${place}.content`);
  }

  /** Results of tools are messages of their own, before what else the user says. */
  #readUser(role: string, content: readonly unknown[], place: string): void {
    const parts: Json[] = [];
    for (const [i, block] of content.entries()) {
      const at = `${place}[${i}]`;
      if (!isObject(block)) throw wrongType(at, 'an object');
      if (block['type'] === 'tool_result') this.messages.push(this.#result(block, at));
      else parts.push(this.#part(block, at));
    }
    if (parts.length > 0) this.messages.push({ role, content: this.#joined(parts) });
  }

  #readAssistant(content: readonly unknown[], place: string): void {
    const texts: Json[] = [];
    const calls: Json[] = [];
    const thinking: Json[] = [];
    for (const [i, block] of content.entries()) {
      const at = `${place}[${i}]`;
      if (!isObject(block)) throw wrongType(at, 'an object');
      if (block['type'] === 'thinking' || block['type'] === 'redacted_thinking') {
        thinking.push(block);
      } else if (block['type'] === 'tool_use') calls.push(this.#call(block, at));
      else texts.push(this.#part(block, at));
    }
    const message: Record<string, unknown> = {
      role: 'assistant',
      content: texts.length === 0 ? null : this.#joined(texts),
    };
    if (calls.length > 0) message['tool_calls'] = calls;
    if (thinking.length > 0) {
      message['thinking_blocks'] = thinking;
      this.hasMarks = true;
    }
    this.messages.push(message);
  }

  #call(block: Json, place: string): Json {
    const { id, name, input } = block;
    if (typeof id !== 'string') throw wrongType(`${place}.id`, 'a string');
    if (typeof name !== 'string') throw wrongType(`${place}.name`, 'a string');
    return {
      id,
      type: 'function',
      function: { name, arguments: JSON.stringify(input ?? {}) },
      ...this.#mark(block),
    };
  }

  #result(block: Json, place: string): Json {
    const { tool_use_id: id, content, is_error: isError } = block;
    if (typeof id !== 'string') throw wrongType(`${place}.tool_use_id`, 'a string');
    if (isError === true) this.hasMarks = true;
    return {
      role: 'tool',
      tool_call_id: id,
      content: this.#resultContent(content, `${place}.content`),
      ...(isError === true && { is_error: true }),
      ...this.#mark(block),
    };
  }

  #resultContent(content: unknown, place: string): unknown {
    if (content === null || content === undefined) return '';
    if (typeof content === 'string') return content;
    if (!Array.isArray(content)) throw wrongType(place, 'a string or an array of blocks');
    const parts = (content as readonly unknown[]).map((block, i) => {
      if (!isObject(block)) throw wrongType(`${place}[${i}]`, 'an object');
      return this.#part(block, `${place}[${i}]`);
    });
    return this.#joined(parts);
  }

  #texts(blocks: unknown, place: string): string | readonly Json[] {
    if (!Array.isArray(blocks)) throw wrongType(place, 'a string or an array of text blocks');
    const parts = (blocks as readonly unknown[]).map((block, i) => {
      if (!isObject(block) || block['type'] !== 'text') {
        throw wrongType(`${place}[${i}]`, 'a text block');
      }
      return this.#part(block, `${place}[${i}]`);
    });
    return this.#joined(parts);
  }

  /** Text alone, without a mark, is one string: chat templates expect it. */
  #joined(parts: readonly Json[]): string | readonly Json[] {
    const isPlain = parts.every(
      (part) => part['type'] === 'text' && part['cache_control'] === undefined,
    );
    return isPlain ? parts.map((part) => part['text']).join('\n') : parts;
  }

  #part(block: Json, place: string): Json {
    switch (block['type']) {
      case 'text':
        return { type: 'text', text: textAt(block, 'text', place), ...this.#mark(block) };
      case 'image': {
        const url = urlOf(block['source'], `${place}.source`);
        return { type: 'image_url', image_url: { url }, ...this.#mark(block) };
      }
      case 'document':
        return { ...documentPart(block, place), ...this.#mark(block) };
      case 'search_result': {
        const content = Array.isArray(block['content'])
          ? (block['content'] as readonly unknown[])
          : [];
        const texts = content.map((each) =>
          isObject(each) && typeof each['text'] === 'string' ? each['text'] : '',
        );
        const head = [block['title'], block['source']].filter((each) => typeof each === 'string');
        return { type: 'text', text: [...head, ...texts].join('\n'), ...this.#mark(block) };
      }
      default: {
        const type = typeof block['type'] === 'string' ? `: ${block['type'].slice(0, 64)}` : '';
        const remedy = 'use text, image, document, tool_use and tool_result';
        throw fault(
          'BRS_FIELD_UNSUPPORTED',
          { field: `${place}.type${type}`, remedy },
          { param: place },
        );
      }
    }
  }

  #mark(block: Json): Json {
    const mark = block['cache_control'];
    if (!isObject(mark)) return {};
    this.hasMarks = true;
    return { cache_control: mark };
  }
}

function textAt(block: Json, key: string, place: string): string {
  const text = block[key];
  if (typeof text !== 'string') throw wrongType(`${place}.${key}`, 'a string');
  return text;
}

/** A picture or file as a URL: base64 becomes a `data:` URL. */
function urlOf(source: unknown, place: string): string {
  if (!isObject(source)) throw wrongType(place, 'an object');
  const { type, media_type: mediaType, data, url } = source;
  if (type === 'base64' && typeof data === 'string' && typeof mediaType === 'string') {
    return `data:${mediaType};base64,${data}`;
  }
  if (type === 'url' && typeof url === 'string') return url;
  const remedy = 'nothing is stored here, send base64 or a url';
  throw fault('BRS_FIELD_UNSUPPORTED', { field: `${place}.type`, remedy }, { param: place });
}

/** A document of text is text; any other is a file. */
function documentPart(block: Json, place: string): Json {
  const { source, title } = block;
  if (isObject(source) && source['type'] === 'text' && typeof source['data'] === 'string') {
    const head = typeof title === 'string' ? `${title}\n` : '';
    return { type: 'text', text: head + source['data'] };
  }
  const file = { file_data: urlOf(source, `${place}.source`) };
  return {
    type: 'file',
    file: typeof title === 'string' ? { filename: title, ...file } : file,
  };
}
