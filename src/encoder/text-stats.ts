/** Counts over the UTF-16 units of a text; letters, digits and spaces are those of ASCII. */
interface TextCounts {
  readonly units: number;
  readonly words: number;
  readonly spaces: number;
  readonly lineFeeds: number;
  readonly digits: number;
  readonly numbers: number;
  readonly uppers: number;
  readonly symbols: number;
  readonly wides: number;
  readonly options: number;
  readonly questions: number;
  readonly sentences: number;
  readonly backticks: number;
  readonly endsWithQuestion: boolean;
}

const LINE_FEED = 0x0a;
const QUESTION = 0x3f;
const BACKTICK = 0x60;

const isSpace = (unit: number): boolean =>
  unit === 0x20 || unit === 0x09 || unit === LINE_FEED || unit === 0x0d;
const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;

/** Bits by unit: what else a unit below 128 is. */
const SYMBOL = 1;
const STOP = 2;
const TRAITS = traits();

function traits(): Uint8Array {
  const bits = new Uint8Array(128);
  for (const symbol of '+-*/=<>^_\\{}[]()|$%&~#@`;') bits[symbol.charCodeAt(0)]! |= SYMBOL;
  for (const stop of '.!?;') bits[stop.charCodeAt(0)]! |= STOP;
  return bits;
}

/** What each statistic is: `training/bourse/stats.py` holds the definitions. */
const FORMULAS: Readonly<Record<string, (counts: TextCounts) => number>> = {
  logCharacters: ({ units }) => Math.log1p(units),
  logWords: ({ words }) => Math.log1p(words),
  logLines: ({ lineFeeds }) => Math.log1p(lineFeeds),
  meanWord: ({ units, spaces, words }) => share(units - spaces, words),
  digitShare: ({ digits, units }) => share(digits, units),
  upperShare: ({ uppers, units }) => share(uppers, units),
  symbolShare: ({ symbols, units }) => share(symbols, units),
  wideShare: ({ wides, units }) => share(wides, units),
  logNumbers: ({ numbers }) => Math.log1p(numbers),
  logOptions: ({ options }) => Math.log1p(options),
  logQuestions: ({ questions }) => Math.log1p(questions),
  logSentences: ({ sentences }) => Math.log1p(sentences),
  logFences: ({ backticks }) => Math.log1p(backticks),
  endsWithQuestion: ({ endsWithQuestion }) => (endsWithQuestion ? 1 : 0),
};

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export const TEXT_STATS: readonly string[] = Object.keys(FORMULAS);

/** Counts of the texts that several heads read, for as long as those are held. */
const countsOfReads = new WeakMap<object, TextCounts>();

/** As `writeTextStats`; what is counted for one `read` serves every call with it. */
export function writeReadStats(
  read: { readonly text: string },
  names: readonly string[],
  values: Float32Array,
  at: number,
): void {
  let counts = countsOfReads.get(read);
  if (counts === undefined) {
    counts = countText(read.text);
    countsOfReads.set(read, counts);
  }
  writeCounts(counts, names, values, at);
}

/** The named statistics of a text, written to `values` from `at` on. Unknown names throw no error: check them before. */
export function writeTextStats(
  text: string,
  names: readonly string[],
  values: Float32Array,
  at: number,
): void {
  writeCounts(countText(text), names, values, at);
}

function writeCounts(
  counts: TextCounts,
  names: readonly string[],
  values: Float32Array,
  at: number,
): void {
  for (let i = 0; i < names.length; i++) values[at + i] = FORMULAS[names[i]!]?.(counts) ?? 0;
}

/** One pass; a line begins an option where it opens with `A`–`J` and `.` or `)`. */
function countText(text: string): TextCounts {
  let [words, spaces, lineFeeds, digits, numbers, uppers] = [0, 0, 0, 0, 0, 0];
  let [symbols, wides, options, questions, sentences, backticks] = [0, 0, 0, 0, 0, 0];
  let last = 0;
  let previous = LINE_FEED;
  const units = text.length;
  for (let i = 0; i < units; i++) {
    const unit = text.charCodeAt(i);
    if (isSpace(unit)) {
      spaces++;
      if (unit === LINE_FEED) lineFeeds++;
      previous = unit;
      continue;
    }
    last = unit;
    if (isSpace(previous)) words++;
    if (unit > 0x7f) wides++;
    else if (isDigit(unit)) {
      digits++;
      if (!isDigit(previous)) numbers++;
    } else if (unit >= 0x41 && unit <= 0x5a) {
      uppers++;
      if (previous === LINE_FEED && unit <= 0x4a && opensOption(text, i + 1)) options++;
    } else {
      const bits = TRAITS[unit]!;
      if (bits & SYMBOL) symbols++;
      if (unit === QUESTION) questions++;
      if (unit === BACKTICK) backticks++;
      if (bits & STOP && (i + 1 === units || isSpace(text.charCodeAt(i + 1)))) sentences++;
    }
    previous = unit;
  }
  return {
    units,
    words,
    spaces,
    lineFeeds,
    digits,
    numbers,
    uppers,
    symbols,
    wides,
    options,
    questions,
    sentences,
    backticks,
    endsWithQuestion: last === QUESTION,
  };
}

function opensOption(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit === 0x2e || unit === 0x29;
}
