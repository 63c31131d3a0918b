import type { CacheRule, Mandate, Workload } from '../contract/index.ts';
import { KeyWriter } from './key-writer.ts';
import type { Digest } from './key-writer.ts';

/** A request as the cache tells it from others. */
export interface RequestKey {
  /** Whose shelf it is on: the tenant's, or `*` for that of all. */
  readonly scope: string;
  /** Everything that the answer depends on, the last user turn at its end. */
  readonly bytes: Buffer;
  /** Where that turn begins; the length of all where it cannot be told from the rest. */
  readonly contextBytes: number;
  /** Of the context, and of all: for tables, whose finds are compared in full. */
  readonly contextHash: number;
  readonly hash: number;
}

/** Longer requests are not cached: their keys would cost more than they save. */
const BODY_BYTES_MAX = 64 * 1024;
/** Those with pictures are, up to this: what is long in them stands in the key by its digest. */
const PICTURES_BYTES_MAX = 4 * 1024 * 1024;
/** What is usually left of them. */
const REST_BYTES = 4 * 1024;

export interface Terms {
  readonly mandate: Mandate;
  readonly rule: CacheRule;
  readonly digest: Digest;
}

/** Members that do not change what the answer says. Whatever else stands in a body does. */
const IRRELEVANT: ReadonlySet<string> = new Set([
  'model',
  'stream',
  'stream_options',
  'user',
  'metadata',
  'store',
  'bourse',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'cache_salt',
  'include',
]);

/**
 * Null where the request is longer than what is cached, or nobody is named whose scope it would be. Every
 * piece stands behind its length, so that no text of a client can pass for the end of another.
 */
export function readKey(workload: Workload, { mandate, rule, digest }: Terms): RequestKey | null {
  const { body } = workload;
  const size = body.close - body.open;
  const isLong = size > BODY_BYTES_MAX;
  if (isLong && (size > PICTURES_BYTES_MAX || !workload.modality().image)) return null;
  const sharer = sharerOf(workload, rule);
  if (sharer === null) return null;
  const scope = rule.scope === 'everyone' ? '*' : workload.caller.tenant;
  const writer = new KeyWriter(isLong ? REST_BYTES : size, isLong ? digest : null);
  writer.text(scope);
  writer.text(sharer);
  writer.text(`${workload.surface}\x1d${termsOf(mandate)}`);
  const turn = workload.lastTurnSpan?.() ?? null;
  for (const name of sortedNames(body.fields)) {
    const { start, end } = body.fields.get(name)!;
    writer.text(name);
    if (turn !== null && turn.start >= start && turn.end <= end) {
      writer.json(body.bytes, start, turn.wholeStart);
      writer.gap();
      writer.json(body.bytes, turn.wholeEnd, end);
    } else {
      writer.json(body.bytes, start, end);
    }
  }
  const contextBytes = writer.at;
  if (turn !== null) writer.rest(body.bytes, turn.start, turn.end);
  const bytes = writer.written();
  if (bytes === null) return null;
  const contextHash = hashBytes(bytes, 0, contextBytes, 0);
  return {
    scope,
    bytes,
    contextBytes,
    contextHash,
    hash: hashBytes(bytes, contextBytes, bytes.length, contextHash),
  };
}

/** Of one scope, who shares the answer. Part of the key: those of one shelf that do not share never meet. */
function sharerOf({ caller, user }: Workload, { scope }: CacheRule): string | null {
  if (scope === 'key') return `key ${caller.key}`;
  if (scope === 'user') return user === null ? null : `user ${user}`;
  return scope;
}

/** The route, who may answer, and what an attempt would put into the request. */
function termsOf({ route, mode, models, injection, tools, isNamed }: Mandate): string {
  const allowed = models === null ? '*' : [...models].sort().join(',');
  const { systemPrompt, reasoning, maxOutputTokens, fields } = injection;
  const injected =
    systemPrompt === null && reasoning === null && maxOutputTokens === null && fields.length === 0
      ? ''
      : JSON.stringify([systemPrompt, reasoning, maxOutputTokens, fields]);
  const cut = tools === null ? '' : tools.cut.join(',');
  return `${isNamed ? 'named' : route}\x1d${mode}\x1d${allowed}\x1d${injected}\x1d${cut}`;
}

function sortedNames(fields: ReadonlyMap<string, unknown>): readonly string[] {
  const names: string[] = [];
  for (const name of fields.keys()) if (!IRRELEVANT.has(name)) names.push(name);
  return names.sort();
}

/** 53 bits, by multiplication and rotation as in MurmurHash3 (Austin Appleby, public domain). */
export function hashBytes(bytes: Buffer, start: number, end: number, seed: number): number {
  let a = 0x2f0b4c47 ^ (seed | 0);
  let b = 0x6a09e667 ^ Math.trunc(seed / 0x100000000);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    a = Math.imul(a ^ word, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ word, 0x1b873593) + a;
    b = (b << 13) | (b >>> 19);
  }
  for (; at < end; at++) {
    a = Math.imul(a ^ bytes[at]!, 0x85ebca6b);
    b = Math.imul(b ^ bytes[at]!, 0xc2b2ae35) + a;
  }
  a = finished(a ^ (end - start));
  b = finished(b + a);
  return (a >>> 0) * 0x200000 + (b >>> 11);
}

function finished(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
