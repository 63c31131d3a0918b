import type { FieldSpan, RequestBody } from '../contract/index.ts';

/** The bytes from `from` to `to` give way to `value`. */
interface Cut {
  readonly from: number;
  readonly to: number;
  readonly value: Buffer | null;
}

/**
 * The body with top-level members replaced, added (at the end) or removed (null). `edits` holds JSON
 * values by plain ASCII keys; everything else keeps its bytes. What stands around the object (a
 * byte order mark, white space) is dropped.
 */
export function spliceBody(body: RequestBody, edits: ReadonlyMap<string, Buffer | null>): Buffer {
  const { bytes, open, close, fields } = body;
  const cuts: Cut[] = [];
  let added: Buffer[] | null = null;
  let hasRemovals = false;
  for (const [key, value] of edits) {
    const field = fields.get(key);
    if (value === null) hasRemovals ||= field !== undefined;
    else if (field !== undefined) cuts.push({ from: field.start, to: field.end, value });
    else (added ??= []).push(Buffer.from(`${JSON.stringify(key)}:`), value);
  }
  const keepsMember = hasRemovals ? addRemovals(body, edits, cuts) : fields.size > 0;
  if (cuts.length > 1) cuts.sort((a, b) => a.from - b.from);
  let length = close + 1 - open;
  for (const cut of cuts) length += (cut.value?.length ?? 0) - (cut.to - cut.from);
  if (added !== null) length += addedLength(added, keepsMember);

  const out = Buffer.allocUnsafe(length);
  let at = 0;
  let from = open;
  for (const cut of cuts) {
    at += bytes.copy(out, at, from, cut.from);
    if (cut.value !== null) at += cut.value.copy(out, at);
    from = cut.to;
  }
  at += bytes.copy(out, at, from, close);
  if (added !== null) at = writeAdded(out, at, added, keepsMember);
  out[at] = bytes[close]!;
  return out;
}

/**
 * A removed member goes with the comma after it; those after the last kept member go with the comma
 * before them. Returns whether any member is kept.
 */
function addRemovals(
  body: RequestBody,
  edits: ReadonlyMap<string, Buffer | null>,
  cuts: Cut[],
): boolean {
  const spans: FieldSpan[] = [];
  const isRemoved: boolean[] = [];
  let lastKept = -1;
  for (const [key, span] of body.fields) {
    const removed = edits.get(key) === null;
    if (!removed) lastKept = spans.length;
    spans.push(span);
    isRemoved.push(removed);
  }
  for (let i = 0; i < lastKept; i++) {
    if (isRemoved[i])
      cuts.push({ from: spans[i]!.keyStart, to: spans[i + 1]!.keyStart, value: null });
  }
  if (lastKept < spans.length - 1) {
    const from = lastKept < 0 ? body.open + 1 : spans[lastKept]!.end;
    cuts.push({ from, to: spans.at(-1)!.end, value: null });
  }
  return lastKept >= 0;
}

function addedLength(added: readonly Buffer[], keepsMember: boolean): number {
  let length = added.length / 2 - (keepsMember ? 0 : 1);
  for (const part of added) length += part.length;
  return length;
}

/** Writes `key:`, value pairs, each behind a comma where a member stands before it. */
function writeAdded(
  out: Buffer,
  start: number,
  added: readonly Buffer[],
  keepsMember: boolean,
): number {
  let at = start;
  for (let i = 0; i < added.length; i += 2) {
    if (keepsMember || i > 0) out[at++] = 0x2c;
    at += added[i]!.copy(out, at);
    at += added[i + 1]!.copy(out, at);
  }
  return at;
}
