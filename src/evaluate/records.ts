import { scanBody } from '../wire/index.ts';

/** One line of a JSON Lines file. */
export interface DataRecord {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly source: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A file that cannot be evaluated; the message begins with file, line and column. */
export class RecordProblem extends Error {
  constructor(file: string, line: number, column: number, reason: string) {
    super(`${file}:${line}:${column}: ${reason}`);
    this.name = 'RecordProblem';
  }
}

/** Reads JSON Lines; blank lines are passed over. Throws `RecordProblem` at the first bad line, or where there is none. */
export function parseRecords(file: string, content: string): readonly DataRecord[] {
  const records: DataRecord[] = [];
  let line = 0;
  for (const source of content.split('\n')) {
    line++;
    if (source.trim() === '') continue;
    const fields = parseLine(file, line, source);
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
      throw new RecordProblem(file, line, 1, 'the line must be a JSON object');
    }
    records.push({ file, line, source, fields: fields as Record<string, unknown> });
  }
  if (records.length === 0) {
    throw new RecordProblem(file, 1, 1, 'there is no record: one JSON object per line is expected');
  }
  return records;
}

function parseLine(file: string, line: number, source: string): unknown {
  try {
    return JSON.parse(source.startsWith('\uFEFF') ? source.slice(1) : source) as unknown;
  } catch (error) {
    const reason = `the line is not JSON (${(error as SyntaxError).message})`;
    throw new RecordProblem(file, line, columnOfFlaw(source), reason);
  }
}

/** Where a text stops being a JSON object; the scanner of requests says so in bytes. */
function columnOfFlaw(source: string): number {
  const bytes = Buffer.from(source);
  try {
    scanBody(bytes);
  } catch (error) {
    const offset = /at byte (\d+)/.exec((error as Error).message)?.[1];
    if (offset !== undefined) return bytes.subarray(0, Number(offset)).toString().length + 1;
  }
  return 1;
}

/** The text under the first of `names` that the record has. */
export function textOf(record: DataRecord, ...names: readonly string[]): string {
  const name = names.find((candidate) => candidate in record.fields);
  const value = name === undefined ? undefined : record.fields[name];
  if (typeof value === 'string') return value;
  throw problemAt(record, name, `${listed(names)} must be a text`);
}

export function numberOf(record: DataRecord, name: string): number {
  const value = record.fields[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw problemAt(record, name, `${listed([name])} must be a number`);
}

/** The finite numbers of an object of numbers under the first of `names`, or null where there is none. */
export function numbersOf(record: DataRecord, ...names: readonly string[]): number[] | null {
  const name = names.find((candidate) => candidate in record.fields);
  if (name === undefined) return null;
  const value = record.fields[name];
  if (typeof value !== 'object' || value === null) {
    throw problemAt(record, name, `${listed([name])} must be an object of numbers`);
  }
  return Object.values(value).filter((entry) => typeof entry === 'number');
}

/** A problem at a field of the record, or at the start of its line where the field is missing. */
export function problemAt(
  { file, line, source }: DataRecord,
  name: string | undefined,
  reason: string,
): RecordProblem {
  const at = name === undefined ? -1 : source.indexOf(`"${name}"`);
  return new RecordProblem(file, line, at < 0 ? 1 : at + 1, reason);
}

const listed = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(' or ');
