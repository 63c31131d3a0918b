import type { Clock } from './clock.ts';
import type { Rng } from './rng.ts';

export type Brand<T, Name extends string> = T & { readonly __brand: Name };
export type DecisionId = Brand<string, 'DecisionId'>;
export type TenantId = Brand<string, 'TenantId'>;
export type KeyId = Brand<string, 'KeyId'>;
export type ModelId = Brand<string, 'ModelId'>;
export type InstanceId = Brand<string, 'InstanceId'>;
export type SessionId = Brand<string, 'SessionId'>;

/** The decision ids of one worker. */
export interface DecisionIds {
  readonly next: () => DecisionId;
  /** Which of these it is, from 0 on. Of any other text, some number. */
  readonly countOf: (id: string) => number;
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const RANDOM_CHARACTERS = 12;
/** Enough until the year 4453. */
const SECOND_CHARACTERS = 7;
/** A hidden count has two halves of 20 bits, each of them four characters: 2²⁰ < 36⁴. */
const HALF_BITS = 20;
const HALF_MASK = 0xfffff;
const HALF_CHARACTERS = 4;
const PAIRS_BASE = 36 * 36;
/** Of every pair of digits, the two characters. */
const PAIRS = Uint8Array.from({ length: 2 * PAIRS_BASE }, (_, i) =>
  ALPHABET.charCodeAt(i % 2 === 0 ? Math.floor(i / 72) : (i >> 1) % 36),
);

/**
 * Makes decision ids `d-<worker>-<12 random characters><second><8 characters>`: unique across processes and
 * restarts, free of coordination. The worker's number lets the keeper find who remembers it. The last
 * characters are a count that only its maker can read (a Feistel network of four rounds over 40 bits):
 * clients see some of the ids, and are not to learn from them what others asked in between, nor to guess theirs.
 * The second before it, in seven characters, keeps ids of one time together in a store's index.
 */
export function createDecisionIds(
  worker: number,
  rng: Rng,
  clock: Pick<Clock, 'nowMs'>,
): DecisionIds {
  let own = `d-${worker.toString(36)}-`;
  const keys: [number, number, number, number] = [0, 0, 0, 0];
  for (let i = 0; i < RANDOM_CHARACTERS; i++) {
    // What a character does not show of its draw is of the keys: some 26 bits of each of three.
    const draw = rng.next() * 36;
    own += ALPHABET[Math.floor(draw)];
    keys[i % 4] = Math.imul(keys[i % 4]!, 0x9e3779b1) ^ ((draw % 1) * 0x100000000);
  }
  const [first, second, third, fourth] = keys;
  let low = 0;
  let high = 0;
  let seconds = NaN;
  let prefix = '';

  return {
    next() {
      const now = Math.floor(clock.nowMs() / 1000);
      if (now !== seconds) {
        seconds = now;
        prefix = own + Math.max(0, now).toString(36).padStart(SECOND_CHARACTERS, '0');
      }
      let left = high;
      let right = low;
      left ^= mixed(right, first);
      right ^= mixed(left, second);
      left ^= mixed(right, third);
      right ^= mixed(left, fourth);
      low = (low + 1) & HALF_MASK;
      if (low === 0) high = (high + 1) & HALF_MASK;
      return (prefix + charactersOf(left, right)) as DecisionId;
    },

    countOf(id) {
      let left = halfAt(id, id.length - 2 * HALF_CHARACTERS);
      let right = halfAt(id, id.length - HALF_CHARACTERS);
      right ^= mixed(left, fourth);
      left ^= mixed(right, third);
      right ^= mixed(left, second);
      left ^= mixed(right, first);
      return left * (HALF_MASK + 1) + right;
    },
  };
}

/** 20 bits that depend on all of the half and of the key: the finaliser of MurmurHash3. */
function mixed(half: number, key: number): number {
  let h = half ^ key;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> (32 - HALF_BITS);
}

/** One call makes one string: joining pairs would make four, on every request. */
function charactersOf(left: number, right: number): string {
  const a = 2 * Math.floor(left / PAIRS_BASE);
  const b = 2 * (left % PAIRS_BASE);
  const c = 2 * Math.floor(right / PAIRS_BASE);
  const d = 2 * (right % PAIRS_BASE);
  return String.fromCharCode(
    PAIRS[a]!,
    PAIRS[a + 1]!,
    PAIRS[b]!,
    PAIRS[b + 1]!,
    PAIRS[c]!,
    PAIRS[c + 1]!,
    PAIRS[d]!,
    PAIRS[d + 1]!,
  );
}

function halfAt(id: string, start: number): number {
  let half = 0;
  for (let at = start; at < start + HALF_CHARACTERS; at++) {
    const code = id.charCodeAt(at);
    half = half * 36 + (code >= 97 ? code - 87 : code - 48);
  }
  return half & HALF_MASK;
}

/** The worker's number in a decision id, or null when it is not one. */
export function workerOf(id: string): number | null {
  const match = /^d-([0-9a-z]{1,4})-[0-9a-z]{13,}$/.exec(id);
  return match ? Number.parseInt(match[1]!, 36) : null;
}
