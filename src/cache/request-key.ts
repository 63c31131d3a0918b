import type { CacheRule, Mandate, Workload } from '../contract/index.ts';

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
const KEY_BYTES_MAX = 64 * 1024;

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

const SEPARATOR = 0x1e;
const NAME_END = 0x1f;

/** Null where the request is longer than what is cached, or nobody is named whose scope it would be. */
export function readKey(workload: Workload, mandate: Mandate, rule: CacheRule): RequestKey | null {
  const { body } = workload;
  if (body.close - body.open > KEY_BYTES_MAX) return null;
  const scope = scopeOf(workload, rule);
  if (scope === null) return null;
  const head = Buffer.from(`${scope}\x1d${workload.surface}\x1d${termsOf(mandate)}\x1d`);
  const turn = workload.lastTurnSpan?.() ?? null;
  const bytes = Buffer.allocUnsafe(head.length + 2 * (body.close - body.open) + 64);
  let at = head.copy(bytes);
  for (const name of sortedNames(body.fields)) {
    const { start, end } = body.fields.get(name)!;
    at += bytes.write(name, at);
    bytes[at++] = NAME_END;
    if (turn !== null && turn.start >= start && turn.end <= end) {
      at += body.bytes.copy(bytes, at, start, turn.start);
      bytes[at++] = NAME_END;
      at += body.bytes.copy(bytes, at, turn.end, end);
    } else {
      at += body.bytes.copy(bytes, at, start, end);
    }
    bytes[at++] = SEPARATOR;
  }
  const contextBytes = at;
  if (turn !== null) at += body.bytes.copy(bytes, at, turn.start, turn.end);
  const contextHash = hashBytes(bytes, 0, contextBytes, 0);
  return {
    scope: rule.scope === 'everyone' ? '*' : workload.caller.tenant,
    bytes: bytes.subarray(0, at),
    contextBytes,
    contextHash,
    hash: hashBytes(bytes, contextBytes, at, contextHash),
  };
}

/** Who shares the answer. Part of the key: those of one shelf that do not share never meet. */
function scopeOf({ caller, user }: Workload, { scope }: CacheRule): string | null {
  if (scope === 'everyone') return '*';
  if (scope === 'key') return `${caller.tenant}/key/${caller.key}`;
  if (scope === 'user') return user === null ? null : `${caller.tenant}/user/${user}`;
  return caller.tenant;
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
