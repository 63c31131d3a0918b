import type { Pieces, Stretch } from './pieces.ts';

/** A shorter block is read whole. */
const LENGTH_MIN = 600;
const FIRST_LINES = 3;
const LINE_MAX = 160;
const NEWLINE = 10;

/** What a line that tells begins with: declarations, imports, comments, queries, errors. */
const TELLING = [
  'def ',
  'class ',
  'async ',
  'function ',
  'func ',
  'fn ',
  'pub ',
  'impl ',
  'import ',
  'from ',
  'using ',
  'package ',
  'export ',
  'public ',
  'private ',
  'protected ',
  'static ',
  'interface ',
  'struct ',
  'enum ',
  'type ',
  'module ',
  'namespace ',
  'select ',
  'create ',
  'insert ',
  'update ',
  'with ',
  'template',
  'raise ',
  'throw ',
  'assert',
  'error',
  'traceback',
  'exception',
  '//',
  '/*',
  '*',
  '--',
  '#',
  '"""',
  "'''",
  '@',
];
const TELLING_BY_FIRST = new Map<number, readonly string[]>();
for (const word of TELLING) {
  const first = word.charCodeAt(0);
  TELLING_BY_FIRST.set(first, [...(TELLING_BY_FIRST.get(first) ?? []), word]);
}

/** Adds of a fenced block its first lines, its last, and those that declare, import, comment or fail. */
export function cutCode(
  codes: Uint16Array,
  { start: from, end: to }: Stretch,
  pieces: Pieces,
): void {
  const isShort = to - from < LENGTH_MIN;
  let lines = 0;
  let at = from;
  while (at < to) {
    const newline = codes.indexOf(NEWLINE, at);
    const end = newline < 0 || newline > to ? to : newline;
    const start = afterBlanks(codes, at, end);
    if (start < end) {
      lines++;
      if (isShort || lines <= FIRST_LINES || tells(codes, start)) {
        pieces.add(start, Math.min(end, start + LINE_MAX));
      }
    }
    at = end + 1;
  }
}

function afterBlanks(codes: Uint16Array, from: number, to: number): number {
  let at = from;
  while (at < to && codes[at]! <= 32) at++;
  return at;
}

function tells(codes: Uint16Array, start: number): boolean {
  const first = codes[start]!;
  const words = TELLING_BY_FIRST.get(first) ?? TELLING_BY_FIRST.get(first | 32);
  if (words === undefined) return false;
  const line = String.fromCharCode(...codes.subarray(start, start + 12)).toLowerCase();
  return words.some((word) => line.startsWith(word));
}
