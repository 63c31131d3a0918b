/** A GGUF file of a random-weight llama of a few hundred kilobytes, as ggml's file format (version 3) has it. */

const ALIGNMENT = 32;
const F32 = 0;
const TYPE = { u32: 4, i32: 5, f32: 6, string: 8, array: 9 } as const;
const EMBEDDING = 64;
const HEADS = 4;
const FEED_FORWARD = 128;
const BLOCKS = 2;
const CONTEXT = 2048;

class Bytes {
  readonly #parts: Buffer[] = [];
  length = 0;

  add(part: Buffer): void {
    this.#parts.push(part);
    this.length += part.length;
  }

  u32(value: number): void {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    this.add(part);
  }

  u64(value: number): void {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt(value));
    this.add(part);
  }

  f32(value: number): void {
    const part = Buffer.alloc(4);
    part.writeFloatLE(value);
    this.add(part);
  }

  string(text: string): void {
    const part = Buffer.from(text);
    this.u64(part.length);
    this.add(part);
  }

  pad(): void {
    this.add(Buffer.alloc((ALIGNMENT - (this.length % ALIGNMENT)) % ALIGNMENT));
  }

  join(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

type Arrays =
  | { readonly strings: readonly string[] }
  | { readonly floats: readonly number[] }
  | { readonly ints: readonly number[] };
type Value =
  | { readonly u32: number }
  | { readonly f32: number }
  | { readonly string: string }
  | Arrays;

function writeValue(out: Bytes, value: Value): void {
  if ('u32' in value) {
    out.u32(TYPE.u32);
    out.u32(value.u32);
  } else if ('f32' in value) {
    out.u32(TYPE.f32);
    out.f32(value.f32);
  } else if ('string' in value) {
    out.u32(TYPE.string);
    out.string(value.string);
  } else {
    writeArray(out, value);
  }
}

function writeArray(out: Bytes, value: Arrays): void {
  out.u32(TYPE.array);
  if ('strings' in value) {
    out.u32(TYPE.string);
    out.u64(value.strings.length);
    for (const text of value.strings) out.string(text);
  } else if ('floats' in value) {
    out.u32(TYPE.f32);
    out.u64(value.floats.length);
    for (const number of value.floats) out.f32(number);
  } else {
    out.u32(TYPE.i32);
    out.u64(value.ints.length);
    for (const number of value.ints) out.u32(number);
  }
}

type Vocabulary = ReturnType<typeof vocabulary>;

const CHAT_TEMPLATE =
  "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}assistant: ";

/** One that writes tools and calls itself, as those of Qwen do, several of them together. */
export const TOOL_TEMPLATE = `{%- if tools %}{{- 'system: Tools:' }}{%- for tool in tools %}{{- '\\n' + (tool | tojson) }}{%- endfor %}{{- '\\n' }}{%- endif %}
{%- for message in messages %}
{%- if message.role == 'tool' %}{{- 'tool: <tool_response>\\n' + message.content + '\\n</tool_response>\\n' }}
{%- else %}{{- message.role + ': ' }}{%- if message.content %}{{- message.content }}{%- endif %}
{%- if message.tool_calls %}{%- for call in message.tool_calls %}{%- set f = call.function %}{{- '\\n<tool_call>\\n{"name": "' + f.name + '", "arguments": ' + (f.arguments | tojson) + '}\\n</tool_call>' }}{%- endfor %}{%- endif %}{{- '\\n' }}
{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{- 'assistant: ' }}{%- endif %}`;

/** Bytes as tokens, and a few control tokens before them: any text can be told in it. */
function vocabulary(more: readonly string[]) {
  const bytes = Array.from(
    { length: 256 },
    (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');
  const words = ['▁', '▁the', '▁a', '▁is', '▁of', '.', ',', ...letters, ...more];
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...words];
  const types = tokens.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : 1));
  return { tokens, types, scores: tokens.map((_, i) => (i < 259 ? 0 : -i)) };
}

function metadataOf(words: Vocabulary, chatTemplate: string): [string, Value][] {
  return [
    ['general.architecture', { string: 'llama' }],
    ['general.name', { string: 'tiny random llama' }],
    ['llama.context_length', { u32: CONTEXT }],
    ['llama.embedding_length', { u32: EMBEDDING }],
    ['llama.block_count', { u32: BLOCKS }],
    ['llama.feed_forward_length', { u32: FEED_FORWARD }],
    ['llama.attention.head_count', { u32: HEADS }],
    ['llama.attention.head_count_kv', { u32: HEADS }],
    ['llama.attention.layer_norm_rms_epsilon', { f32: 1e-5 }],
    ['llama.rope.dimension_count', { u32: EMBEDDING / HEADS }],
    ['llama.vocab_size', { u32: words.tokens.length }],
    ['tokenizer.ggml.model', { string: 'llama' }],
    ['tokenizer.ggml.tokens', { strings: words.tokens }],
    ['tokenizer.ggml.scores', { floats: words.scores }],
    ['tokenizer.ggml.token_type', { ints: words.types }],
    ['tokenizer.ggml.bos_token_id', { u32: 1 }],
    ['tokenizer.ggml.eos_token_id', { u32: 2 }],
    ['tokenizer.ggml.unknown_token_id', { u32: 0 }],
    ['tokenizer.chat_template', { string: chatTemplate }],
  ];
}

/** Names and shapes. Without an output of their own, the output's weights are those of the embedding. */
function tensorsOf(words: Vocabulary, hasOutput: boolean): [string, number[]][] {
  const tensors: [string, number[]][] = [
    ['token_embd.weight', [EMBEDDING, words.tokens.length]],
    ...(hasOutput
      ? [['output.weight', [EMBEDDING, words.tokens.length]] as [string, number[]]]
      : []),
    ['output_norm.weight', [EMBEDDING]],
  ];
  for (let i = 0; i < BLOCKS; i++) {
    for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output']) {
      tensors.push([`blk.${i}.${name}.weight`, [EMBEDDING, EMBEDDING]]);
    }
    tensors.push(
      [`blk.${i}.attn_norm.weight`, [EMBEDDING]],
      [`blk.${i}.ffn_norm.weight`, [EMBEDDING]],
      [`blk.${i}.ffn_gate.weight`, [EMBEDDING, FEED_FORWARD]],
      [`blk.${i}.ffn_up.weight`, [EMBEDDING, FEED_FORWARD]],
      [`blk.${i}.ffn_down.weight`, [FEED_FORWARD, EMBEDDING]],
    );
  }
  return tensors;
}

const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

export interface TinyModel {
  readonly chatTemplate?: string;
  /** Which token comes after which, whatever came before, as the vocabulary writes them; unset: random weights. */
  readonly follows?: readonly (readonly [string, string])[];
}

export function tinyGguf({ chatTemplate = CHAT_TEMPLATE, follows = [] }: TinyModel = {}): Buffer {
  const known = vocabulary([]).tokens;
  const more = new Set(follows.flat().filter((token) => !known.includes(token)));
  const words = vocabulary([...more]);
  const metadata = metadataOf(words, chatTemplate);
  const tensors = tensorsOf(words, follows.length > 0);
  const weightsOf = follows.length > 0 ? followingWeights(words, follows) : randomWeights(7);
  const out = new Bytes();
  out.add(Buffer.from('GGUF'));
  out.u32(3);
  out.u64(tensors.length);
  out.u64(metadata.length);
  for (const [key, value] of metadata) {
    out.string(key);
    writeValue(out, value);
  }
  let offset = 0;
  for (const [name, shape] of tensors) {
    out.string(name);
    out.u32(shape.length);
    for (const size of shape) out.u64(size);
    out.u32(F32);
    out.u64(offset);
    offset += Math.ceil((4 * sizeOf(shape)) / ALIGNMENT) * ALIGNMENT;
  }
  out.pad();
  for (const [name, shape] of tensors) {
    const isNorm = name.endsWith('norm.weight');
    const length = sizeOf(shape);
    const weights = isNorm ? new Float32Array(length).fill(1) : weightsOf(name, length);
    out.add(Buffer.from(weights.buffer));
    out.pad();
  }
  return out.join();
}

type Weights = (tensor: string, length: number) => Float32Array;

function randomWeights(seed: number): Weights {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return (_, length) => Float32Array.from({ length }, () => random() * 0.3);
}

/**
 * Blocks add nothing, so that the state of a token is its embedding. Each token that is followed by a
 * given one has a direction of its own, and the output of that one is this direction.
 */
function followingWeights(words: Vocabulary, follows: NonNullable<TinyModel['follows']>): Weights {
  const at = (token: string): number => words.tokens.indexOf(token);
  return (tensor, length) => {
    const weights = new Float32Array(length);
    if (tensor !== 'token_embd.weight' && tensor !== 'output.weight') return weights;
    follows.forEach(([before, after], direction) => {
      const token = tensor === 'output.weight' ? after : before;
      weights[at(token) * EMBEDDING + direction] = 1;
    });
    return weights;
  };
}
