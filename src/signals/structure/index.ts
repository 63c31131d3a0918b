import type { Reading, Signal, SignalSlot, Workload } from '../../contract/index.ts';
import { compileRecordCondition, recordConditionSchema } from '../record-condition.ts';
import type { RecordMembers } from '../record-condition.ts';

/** A longer text is not parsed to see whether it is JSON: the member is then unknown. */
const JSON_CHARACTERS_MAX = 65_536;

const MEMBERS: RecordMembers = {
  bytes: { holds: 'number', description: 'Bytes of the text, as UTF-8.' },
  words: { holds: 'number', description: 'Runs of characters between white space.' },
  lines: { holds: 'number', description: 'Lines; an empty text has none.' },
  codeBlocks: { holds: 'number', description: 'Fenced code blocks (```), closed or not.' },
  questionMarks: { holds: 'number', description: 'Question marks, those of other scripts too.' },
  numbers: { holds: 'number', description: 'Runs of digits.' },
  isJson: { holds: 'boolean', description: 'Whether the whole text is a JSON object or array.' },
};

const SLOT: SignalSlot = { key: 'structure', kind: 'structure', cost: 'scan', read };

/** `structure: { codeBlocks: { atLeast: 1 } }`: counts over the last user text, all in one pass. */
export const structureSignal: Signal = {
  apiVersion: 1,
  kind: 'structure',
  definitionSchema: null,
  conditionSchema: {
    description: 'The shape of the last user text; all members given must hold.',
    ...recordConditionSchema(MEMBERS),
  },
  compile(condition) {
    const { text, test, claim } = compileRecordCondition('structure', condition, MEMBERS);
    return { slot: SLOT, text, test, claim };
  },
};

function read(workload: Workload): Reading {
  const text = workload.lastUserText();
  const value: Record<string, number | boolean> = {
    bytes: Buffer.byteLength(text),
    ...count(text),
  };
  const isJson = looksLikeJson(text);
  if (isJson !== null) value['isJson'] = isJson;
  return { value, confidence: 1 };
}

const LINE_FEED = 10;
const BACKTICK = 96;
const NO_BREAK_SPACE = 0xa0;
const IDEOGRAPHIC_SPACE = 0x3000;
/** Question marks of Latin, Arabic, full-width and Armenian script. A Spanish question closes with the first. */
const QUESTION_MARKS = new Set([0x3f, 0x61f, 0xff1f, 0x55e]);

function count(text: string): Record<string, number> {
  let lines = text === '' ? 0 : 1;
  let words = 0;
  let fences = 0;
  let questionMarks = 0;
  let numbers = 0;
  let isInWord = false;
  let isInNumber = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isSpace = code <= 32 || code === NO_BREAK_SPACE || code === IDEOGRAPHIC_SPACE;
    if (!isSpace && !isInWord) words++;
    isInWord = !isSpace;
    const isDigit = code >= 48 && code <= 57;
    if (isDigit && !isInNumber) numbers++;
    isInNumber = isDigit;
    if (code === LINE_FEED) lines++;
    else if (code === 63 || (code > 127 && QUESTION_MARKS.has(code))) questionMarks++;
    else if (code === BACKTICK && isFence(text, i)) fences++;
  }
  return { words, lines, codeBlocks: Math.ceil(fences / 2), questionMarks, numbers };
}

/** Three backticks that begin a line, indented by at most three spaces (CommonMark 4.5). */
function isFence(text: string, at: number): boolean {
  if (text.charCodeAt(at + 1) !== BACKTICK || text.charCodeAt(at + 2) !== BACKTICK) return false;
  let start = at;
  while (start > 0 && at - start < 3 && text.charCodeAt(start - 1) === 32) start--;
  return start === 0 || text.charCodeAt(start - 1) === LINE_FEED;
}

function looksLikeJson(text: string): boolean | null {
  if (text.length > JSON_CHARACTERS_MAX) return null;
  const trimmed = text.trim();
  const pair = trimmed.charAt(0) + trimmed.charAt(trimmed.length - 1);
  if (trimmed.length < 2 || (pair !== '{}' && pair !== '[]')) return false;
  try {
    JSON.parse(trimmed);
    return true;
  } catch {
    return false;
  }
}
