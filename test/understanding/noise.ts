import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { createRng } from '../../src/kernel/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Records of a JSON Lines file of the repository, plain or gzip. */
export function recordsAt(
  path: string,
): readonly { readonly text: string; readonly label: string }[] {
  const bytes = readFileSync(isAbsolute(path) ? path : join(ROOT, path));
  const text = path.endsWith('.gz') ? gunzipSync(bytes).toString() : bytes.toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { text: string; label: string });
}

/**
 * One word in ten mistyped (drawn by the seed): two neighbouring letters swapped, one left out, one
 * doubled, or one replaced by another.
 */
export function withTypos(text: string, seed: number): string {
  const rng = createRng(seed);
  return text
    .split(' ')
    .map((word) => (word.length < 3 || rng.next() >= 0.1 ? word : mistyped(word, rng)))
    .join(' ');
}

function mistyped(word: string, rng: { next(): number }): string {
  const at = 1 + Math.floor(rng.next() * (word.length - 2));
  const [before, own, next] = [word.slice(0, at), word[at]!, word[at + 1] ?? ''];
  const after = word.slice(at + 2);
  const kinds = [
    before + next + own + after,
    before + next + after,
    before + own + own + next + after,
    before + String.fromCharCode(97 + Math.floor(rng.next() * 26)) + next + after,
  ];
  return kinds[Math.floor(rng.next() * kinds.length)]!;
}

const FILLER =
  'Our town lies on a slow river between two hills. Apples grow there in long rows. The old mill still turns ' +
  'on market days, while children feed the ducks. Shopkeepers sweep their steps before the first bus arrives.';

/** Sentences of about so many words that say nothing of interest. */
export function benignWords(count: number): string {
  const words = FILLER.split(' ').length;
  return Array.from({ length: Math.round(count / words) }, () => FILLER).join(' ');
}
