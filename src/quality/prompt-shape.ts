/** What the form of a prompt says: its length, its options, its figures. */
export const SHAPE_FEATURES = [
  'logUnits',
  'logQuestionUnits',
  'options',
  'logOptionUnits',
  'optionSpread',
  'figureOptions',
  'allOrNone',
  'digitShare',
  'symbolShare',
  'upperShare',
  'logFigures',
  'logSentences',
  'logLines',
  'hasBlank',
  'asks',
  'negates',
  'hasFormula',
  'hasCode',
] as const;

interface Options {
  /** Where the first one begins, or the length of the text. */
  readonly start: number;
  readonly lengths: readonly number[];
  readonly figures: number;
}

const SYMBOLS = new Set('+-*/=<>^_\\{}[]()|$%');
const NEGATIONS = [' not ', ' except', ' least ', ' false ', ' NOT ', ' EXCEPT', ' incorrect'];
const ALL_OR_NONE = ['All of', 'None of', 'all of the above', 'none of the above', 'Both '];
const READ_UNITS_MAX = 16_384;

/** Writes `SHAPE_FEATURES` of the text to `values` from `at` on. */
export function writePromptShape(text: string, values: Float32Array, at: number): void {
  const read = text.length > READ_UNITS_MAX ? text.slice(-READ_UNITS_MAX) : text;
  const options = optionsOf(read);
  const question = read.slice(0, options.start);
  const counts = countUnits(question);
  const units = Math.max(1, question.length);
  const { lengths } = options;
  const optionMean = lengths.reduce((sum, one) => sum + one, 0) / Math.max(1, lengths.length);
  const spread = Math.sqrt(
    lengths.reduce((sum, one) => sum + (one - optionMean) ** 2, 0) / Math.max(1, lengths.length),
  );
  const has = (words: readonly string[], where: string): number =>
    words.some((word) => where.includes(word)) ? 1 : 0;
  const features = [
    Math.log1p(text.length),
    Math.log1p(question.length),
    lengths.length,
    Math.log1p(optionMean),
    Math.log1p(spread),
    options.figures / Math.max(1, lengths.length),
    has(ALL_OR_NONE, read.slice(options.start)),
    counts.digits / units,
    counts.symbols / units,
    counts.uppers / units,
    Math.log1p(counts.figures),
    Math.log1p(counts.stops),
    Math.log1p(counts.lines),
    has(['__', ' _ ', '...'], question),
    question.includes('?') ? 1 : 0,
    has(NEGATIONS, question),
    has(['\\', '^', ' = ', '$'], question),
    has(['def ', 'return ', '```', 'assert ', '();'], question),
  ];
  values.set(features, at);
}

/** Lines that open with a letter A–J and `.` or `)`. */
function optionsOf(text: string): Options {
  const lengths: number[] = [];
  let [start, figures] = [text.length, 0];
  let line = 0;
  while (line < text.length) {
    const feed = text.indexOf('\n', line);
    const end = feed < 0 ? text.length : feed;
    const letter = text.charCodeAt(line) - 0x41;
    const mark = text[line + 1];
    if (letter >= 0 && letter < 10 && (mark === '.' || mark === ')')) {
      start = Math.min(start, line);
      lengths.push(Math.max(0, end - line - 3));
      if (startsWithFigure(text, line + 2, end)) figures++;
    }
    line = end + 1;
  }
  return { start, lengths, figures };
}

/** A figure among its first three units, such as `5`, `$5`, `-.5`. */
function startsWithFigure(text: string, from: number, end: number): boolean {
  for (let i = from; i < Math.min(end, from + 4); i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x30 && unit <= 0x39) return true;
    if ((unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a) return false;
  }
  return false;
}

function countUnits(text: string): {
  readonly digits: number;
  readonly figures: number;
  readonly symbols: number;
  readonly uppers: number;
  readonly stops: number;
  readonly lines: number;
} {
  let [digits, figures, symbols, uppers, stops, lines] = [0, 0, 0, 0, 0, 0];
  let wasDigit = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const isDigit = unit >= 0x30 && unit <= 0x39;
    if (isDigit) {
      digits++;
      if (!wasDigit) figures++;
    } else if (unit >= 0x41 && unit <= 0x5a) uppers++;
    else if (unit === 0x0a) lines++;
    else if (unit === 0x2e || unit === 0x3f) stops++;
    else if (unit < 0x80 && SYMBOLS.has(text[i]!)) symbols++;
    wasDigit = isDigit;
  }
  return { digits, figures, symbols, uppers, stops, lines };
}
