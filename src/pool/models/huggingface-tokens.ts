import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { alignTokens, createWordPieceTokens, modelFileFault } from '../../encoder/index.ts';
import type { DeepTokeniser } from '../../encoder/index.ts';
import { importPackage, requireOptionalPackage } from './optional-package.ts';

const PACKAGE = '@huggingface/tokenizers';

/** What of `@huggingface/tokenizers` is used. */
interface ForeignTokenizer {
  encode(
    text: string,
    options: { readonly add_special_tokens: boolean },
  ): { readonly ids: readonly number[]; readonly tokens: readonly string[] };
  token_to_id(token: string): number | undefined;
}

interface TokenizersLibrary {
  readonly Tokenizer: new (json: object, config: object) => ForeignTokenizer;
}

const tokenizerSchema = z.looseObject({
  normalizer: z.looseObject({ type: z.string() }).nullish(),
  model: z.looseObject({ type: z.string().optional() }),
  decoder: z.looseObject({ type: z.string() }).nullish(),
});
type TokenizerJson = z.infer<typeof tokenizerSchema>;

const wordPieceSchema = z.object({
  vocab: z.record(z.string(), z.int().min(0)),
  unk_token: z.string(),
  continuing_subword_prefix: z.string().min(1),
  max_input_chars_per_word: z.int().min(1).max(1000),
});

export interface LoadedTokens {
  readonly tokeniser: DeepTokeniser;
  readonly padId: number;
}

/**
 * A tokenizer.json. The uncased BERT family is read by our own WordPiece, with exact places; any
 * other by the optional package, its pieces then found in the text.
 */
export async function openHuggingFaceTokens(path: string): Promise<LoadedTokens> {
  const json = readJson(path, tokenizerSchema);
  return wordPieceOf(path, json) ?? foreign(path, json);
}

export function readJson<T>(path: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw modelFileFault(
      path,
      code === undefined ? 'it is not JSON' : `it cannot be read (${code})`,
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw modelFileFault(path, `"${issue.path.join('.')}": ${issue.message}`);
}

function wordPieceOf(path: string, { normalizer, model }: TokenizerJson): LoadedTokens | null {
  const isUncased =
    normalizer?.type === 'BertNormalizer' &&
    normalizer['lowercase'] === true &&
    normalizer['strip_accents'] !== false;
  if (!isUncased || model.type !== 'WordPiece') return null;
  const parsed = wordPieceSchema.safeParse(model);
  if (!parsed.success) return null;
  const { vocab } = parsed.data;
  if (!('[CLS]' in vocab && '[SEP]' in vocab)) return null;
  const pieces: string[] = [];
  for (const [piece, id] of Object.entries(vocab)) {
    if (id > 4_000_000) throw modelFileFault(path, 'its vocabulary is too large');
    pieces[id] = piece;
  }
  const tokeniser = createWordPieceTokens({
    pieces: Array.from(pieces, (piece) => piece ?? ''),
    continuation: parsed.data.continuing_subword_prefix,
    unknown: parsed.data.unk_token,
    maxWordCharacters: parsed.data.max_input_chars_per_word,
    start: '[CLS]',
    end: '[SEP]',
  });
  return { tokeniser, padId: vocab['[PAD]'] ?? 0 };
}

async function foreign(path: string, json: TokenizerJson): Promise<LoadedTokens> {
  const url = requireOptionalPackage(`the tokenizer ${path}`, PACKAGE);
  const { Tokenizer } = await importPackage<TokenizersLibrary>(url, 'Tokenizer');
  const tokenizer = new Tokenizer(json, {});
  const isByteLevel = json.decoder?.type === 'ByteLevel';
  const plain = tokenizer.encode('a', { add_special_tokens: false }).ids;
  const whole = tokenizer.encode('a', { add_special_tokens: true }).ids;
  const at = whole.findIndex((_, i) => plain.every((id, j) => whole[i + j] === id));
  if (at === -1) throw modelFileFault(path, 'its special tokens do not stand around the text');
  const surfaceOf = isByteLevel ? byteLevelSurface : markedSurface;
  return {
    padId: tokenizer.token_to_id('<pad>') ?? tokenizer.token_to_id('[PAD]') ?? 0,
    tokeniser: {
      before: whole.slice(0, at),
      after: whole.slice(at + plain.length),
      encode(text) {
        const { ids, tokens } = tokenizer.encode(text, { add_special_tokens: false });
        return alignTokens(
          text,
          tokens.map((token, i) => ({
            id: ids[i]!,
            surface: surfaceOf(token),
            isContinuation: token.startsWith('##'),
          })),
        );
      },
    },
  };
}

const UNKNOWN = new Set(['[UNK]', '<unk>', '<UNK>']);

/** WordPiece marks what goes on with a word, SentencePiece what begins one. */
const markedSurface = (token: string): string | null =>
  UNKNOWN.has(token) ? null : token.replace(/^##/, '').replaceAll('▁', ' ').trim();

/**
 * A byte-level piece writes each byte as one character (GPT-2). Bytes of a character that is cut in
 * two belong to the piece that completes it; the others are empty.
 */
function byteLevelSurface(token: string): string | null {
  if (UNKNOWN.has(token)) return null;
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTES.get(character);
    if (byte === undefined) return token;
    bytes.push(byte);
  }
  return Buffer.from(bytes).toString('utf8').replaceAll('\ufffd', '').trim();
}

const BYTES = byteCharacters();

/** Printable Latin-1 stands for itself; the other bytes, in order, for the characters from U+0100 on. */
function byteCharacters(): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  let shifted = 0;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    bytes.set(String.fromCharCode(isPrintable ? byte : 0x100 + shifted++), byte);
  }
  return bytes;
}
