/**
 * Prints what the product's own tagger sees, so that training and running can never differ:
 * `node training/pii-features.ts FOLDER` reads FOLDER/lexicon.json ({word: bits}), FOLDER/settings.json
 * ({rows}) and FOLDER/texts.json ([text]); writes hashes.bin (u32 per word), counts.bin (i32 pieces
 * per text), pieces.bin (i32 start, end, kind,
 * 1 where context decides) and rows.bin (i32 per feature and piece).
 */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FEATURES_PER_PIECE, Features } from '../src/encoder/pii/features.ts';
import { Lexicon } from '../src/encoder/pii/lexicon.ts';
import { isCertain } from '../src/encoder/pii/patterns/kinds.ts';
import { Pieces } from '../src/encoder/pii/pieces.ts';
import { Tokens, wordHash } from '../src/encoder/pii/tokens.ts';

const folder = process.argv[2] ?? '.';
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const lexicon = read('lexicon.json') as Record<string, number>;
const { rows } = read('settings.json') as { rows: number };
const texts = read('texts.json') as string[];

const hashes = Uint32Array.from(Object.keys(lexicon), wordHash);
writeFileSync(join(folder, 'hashes.bin'), hashes);

const CAPACITY = Math.max(16, ...texts.map((text) => text.length));
const tokens = new Tokens(CAPACITY);
const pieces = new Pieces(tokens);
const features = new Features(
  new Lexicon(hashes, Uint16Array.from(Object.values(lexicon))),
  rows,
  CAPACITY,
);
const counts = new Int32Array(texts.length);
const piecesFile = openSync(join(folder, 'pieces.bin'), 'w');
const rowsFile = openSync(join(folder, 'rows.bin'), 'w');
texts.forEach((text, i) => {
  tokens.read(text, 0, text.length);
  pieces.read();
  features.read(pieces);
  counts[i] = pieces.count;
  const places = new Int32Array(pieces.count * 4);
  const all = new Int32Array(pieces.count * FEATURES_PER_PIECE);
  for (let at = 0; at < pieces.count; at++) {
    places.set(
      [pieces.start(at), pieces.end(at), pieces.kind[at], isCertain(pieces.kind[at]) ? 0 : 1],
      at * 4,
    );
    features.begin(at);
    all.set(features.complete(at), at * FEATURES_PER_PIECE);
  }
  if (pieces.count === 0) return;
  writeSync(piecesFile, places);
  writeSync(rowsFile, all);
});
writeFileSync(join(folder, 'counts.bin'), counts);
closeSync(piecesFile);
closeSync(rowsFile);
