/** One sample of a Prometheus text exposition. */
interface Sample {
  readonly name: string;
  readonly value: number;
  /** The value of a label, unescaped; undefined where the series does not carry it. */
  label(name: string): string | undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HASH = 0x23;

/**
 * Reads the samples whose name `isWanted`, in the order of the text. One pass, linear in its
 * length; what does not follow the format is skipped, line by line.
 */
export function eachSample(
  text: string,
  isWanted: (name: string) => boolean,
  visit: (sample: Sample) => void,
): void {
  for (let start = 0; start < text.length;) {
    let end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    if (text.charCodeAt(start) !== HASH) {
      const sample = readLine(text, start, end, isWanted);
      if (sample !== null) visit(sample);
    }
    start = end + 1;
  }
}

function readLine(
  text: string,
  start: number,
  end: number,
  isWanted: (name: string) => boolean,
): Sample | null {
  let nameEnd = start;
  while (nameEnd < end && isNameCharacter(text.charCodeAt(nameEnd))) nameEnd++;
  const name = text.slice(start, nameEnd);
  if (name === '' || !isWanted(name)) return null;
  const hasLabels = text[nameEnd] === '{' && nameEnd < end;
  const labelsEnd = hasLabels ? endOfLabels(text, nameEnd + 1, end) : nameEnd;
  if (labelsEnd === -1) return null;
  const value = readValue(text.slice(labelsEnd, end));
  if (value === null) return null;
  const labelsText = hasLabels ? text.slice(nameEnd + 1, labelsEnd - 1) : '';
  let labels: Map<string, string> | null = null;
  return {
    name,
    value,
    label: (wanted) => (labels ??= readLabels(labelsText)).get(wanted),
  };
}

/** One past the closing brace; -1 when there is none. Braces inside quoted values do not count. */
function endOfLabels(text: string, start: number, end: number): number {
  let isQuoted = false;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (isQuoted && code === BACKSLASH) i++;
    else if (code === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted && text[i] === '}') return i + 1;
  }
  return -1;
}

function readLabels(text: string): Map<string, string> {
  const labels = new Map<string, string>();
  for (let i = 0; i < text.length;) {
    const equals = text.indexOf('=', i);
    if (equals === -1 || text.charCodeAt(equals + 1) !== QUOTE) break;
    let value = '';
    let at = equals + 2;
    for (; at < text.length && text.charCodeAt(at) !== QUOTE; at++) {
      if (text.charCodeAt(at) !== BACKSLASH) value += text[at];
      else {
        at++;
        value += text[at] === 'n' ? '\n' : (text[at] ?? '');
      }
    }
    labels.set(text.slice(i, equals).trim(), value);
    const comma = text.indexOf(',', at);
    i = comma === -1 ? text.length : comma + 1;
  }
  return labels;
}

/** The value before an optional time stamp; null when it is no finite number. */
function readValue(rest: string): number | null {
  const words = rest.trim().split(/[ \t]+/, 1);
  const word = words[0]!;
  const value = word === '' ? Number.NaN : Number(word);
  return Number.isFinite(value) ? value : null;
}

function isNameCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code === 0x3a
  );
}
