/** Shorter literals occur in too many texts to save anything. */
const LENGTH_MIN = 3;

/**
 * The longest run of plain ASCII characters that every match of an RE2 pattern must contain,
 * lower-case; null when none can be told. Sound before complete: alternatives at the top, and
 * escapes that it does not know, give null; what stands in groups and classes is skipped.
 */
export function requiredLiteral(source: string): string | null {
  if (source.includes('\\Q')) return null;
  let best = '';
  let run = '';
  const endRun = (): void => {
    if (run.length > best.length) best = run;
    run = '';
  };
  for (let i = 0; i < source.length;) {
    const character = source[i]!;
    if (character === '|') return null;
    if (character === '\\') {
      const escaped = source[i + 1] ?? '';
      if (/[dDsSwWbB]/.test(escaped)) endRun();
      else if (/[a-zA-Z0-9]/.test(escaped) || !isPlain(escaped)) return null;
      else run += escaped;
      i += 2;
    } else if (character === '(' || character === '[') {
      endRun();
      i = skip(source, i);
    } else if (character === '*' || character === '?' || character === '{') {
      // The character before it may be absent, so it ends the run without being part of it.
      run = run.slice(0, -1);
      endRun();
      const repetition = character === '{' ? /^\{\d+(,\d*)?\}/.exec(source.slice(i)) : ['*'];
      if (repetition === null) return null;
      i += repetition[0]!.length;
    } else if ('+.^$)'.includes(character) || !isPlain(character)) {
      endRun();
      i++;
    } else {
      run += character;
      i++;
    }
  }
  endRun();
  return best.length >= LENGTH_MIN ? best.toLowerCase() : null;
}

function isPlain(character: string): boolean {
  return character >= ' ' && character <= '~';
}

/** The index after the group or class that opens at `open`. */
function skip(source: string, open: number): number {
  let depth = 0;
  for (let i = open; i < source.length; i++) {
    const character = source[i];
    if (character === '\\') i++;
    else if (character === '[') i = afterClass(source, i) - 1;
    else if (character === '(') depth++;
    else if (character === ')') depth--;
    if (depth === 0) return i + 1;
  }
  return source.length;
}

/** A `]` right after the opening bracket, or after its `^`, is a member of the class. */
function afterClass(source: string, open: number): number {
  let i = open + 1;
  if (source[i] === '^') i++;
  if (source[i] === ']') i++;
  for (; i < source.length; i++) {
    if (source[i] === '\\') i++;
    else if (source.startsWith('[:', i)) i = Math.max(i, source.indexOf(':]', i) + 1);
    else if (source[i] === ']') return i + 1;
  }
  return source.length;
}
