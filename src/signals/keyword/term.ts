import { fold, isUnspaced, isWordCharacter } from './fold.ts';

/** A keyword or phrase, folded; any run of white space in a text matches one between its words. */
export interface Term {
  readonly words: readonly string[];
  readonly needsBoundaryBefore: boolean;
  readonly needsBoundaryAfter: boolean;
}

/** Null when nothing is left of the text to look for. */
export function compileTerm(text: string, wholeWord: boolean): Term | null {
  const words = fold(text)
    .split(/\s+/)
    .filter((word) => word !== '');
  const first = words[0];
  const last = words.at(-1);
  if (first === undefined || last === undefined) return null;
  return {
    words,
    needsBoundaryBefore: wholeWord && bindsToNeighbour(characterAt(first, 0)),
    needsBoundaryAfter: wholeWord && bindsToNeighbour(characterBefore(last, last.length)),
  };
}

/** Whether the folded text contains the term. */
export function containsTerm(folded: string, term: Term): boolean {
  const head = term.words[0]!;
  for (let at = folded.indexOf(head); at !== -1; at = folded.indexOf(head, at + 1)) {
    const end = matchRest(folded, at + head.length, term.words);
    if (end === -1) continue;
    const isFreeBefore =
      !term.needsBoundaryBefore || !bindsToNeighbour(characterBefore(folded, at));
    if (isFreeBefore && (!term.needsBoundaryAfter || !bindsToNeighbour(characterAt(folded, end)))) {
      return true;
    }
  }
  return false;
}

/** Matches the words after the first from `at` on; the end of the last one, or -1. */
function matchRest(folded: string, at: number, words: readonly string[]): number {
  let end = at;
  for (let i = 1; i < words.length; i++) {
    let start = end;
    while (isSpace(folded.charCodeAt(start))) start++;
    if (start === end || !folded.startsWith(words[i]!, start)) return -1;
    end = start + words[i]!.length;
  }
  return end;
}

function isSpace(code: number): boolean {
  return (
    code === 32 || (code >= 9 && code <= 13) || (code > 127 && /\s/.test(String.fromCharCode(code)))
  );
}

/** Whether a letter next to this character would belong to the same word. */
function bindsToNeighbour(character: string): boolean {
  if (character === '') return false;
  const code = character.charCodeAt(0);
  if (code < 128) {
    const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
    return isLetter || (code >= 48 && code <= 57) || code === 95;
  }
  return isWordCharacter(character) && !isUnspaced(character);
}

function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function characterBefore(text: string, end: number): string {
  if (end === 0) return '';
  const isLowSurrogate = (text.charCodeAt(end - 1) & 0xfc00) === 0xdc00;
  return characterAt(text, isLowSurrogate && end > 1 ? end - 2 : end - 1);
}
