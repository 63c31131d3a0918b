/** What an engine says of its KV memory. Hashes are its own: 64 bits, or bytes taken as one number. */
export type KvEvent =
  | {
      readonly kind: 'stored';
      readonly hashes: readonly bigint[];
      readonly parent: bigint | null;
      readonly tokenIds: readonly number[];
      readonly blockSize: number;
      readonly adapter: string | null;
      readonly medium: string;
      readonly group: number;
      /** For each block, what its tokens are hashed with: salts, images. Empty: with nothing. */
      readonly extraKeys: readonly unknown[];
    }
  | {
      readonly kind: 'removed';
      readonly hashes: readonly bigint[];
      readonly medium: string;
      readonly group: number;
    }
  | { readonly kind: 'cleared' };

export interface KvBatch {
  readonly events: readonly KvEvent[];
  /** The data-parallel rank; null where there is one only. */
  readonly rank: number | null;
  /** Events that could not be read: what is known of the memory is no longer whole. */
  readonly unread: number;
}

/** Memory of the accelerator, which is meant where an event names none. */
export const GPU = 'GPU';

/** Positions of members in the array forms, after the tag. Trailing ones may be missing. */
const STORED = [
  'block_hashes',
  'parent_block_hash',
  'token_ids',
  'block_size',
  'lora_id',
  'medium',
  'lora_name',
  'extra_keys',
  'group_idx',
] as const;
const REMOVED = ['block_hashes', 'medium', 'group_idx'] as const;
const BATCH = ['ts', 'events', 'data_parallel_rank'] as const;

/**
 * Reads one unpacked batch of vLLM or SGLang: an array or a map, of events each an array behind its
 * name or a map with a `type` (vLLM changed the events and not the batch in 2026). Null where it is no
 * batch; an event of a kind that is not known is none of its business.
 */
export function readKvBatch(value: unknown): KvBatch | null {
  const batch = membersOf(value, BATCH, 0);
  const given = batch?.['events'];
  if (batch === null || !Array.isArray(given)) return null;
  const events: KvEvent[] = [];
  let unread = 0;
  for (const each of given as readonly unknown[]) {
    const event = readEvent(each);
    if (event === 'unread') unread++;
    else if (event !== null) events.push(event);
  }
  const rank = batch['data_parallel_rank'];
  return { events, unread, rank: isCount(rank) ? rank : null };
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown, names: readonly string[], from: number): Members | null {
  if (Array.isArray(value)) {
    return Object.fromEntries(names.map((name, i) => [name, (value as unknown[])[i + from]]));
  }
  return typeof value === 'object' && value !== null ? (value as Members) : null;
}

function readEvent(value: unknown): KvEvent | 'unread' | null {
  const tag = Array.isArray(value) ? (value as unknown[])[0] : (value as Members | null)?.['type'];
  if (tag === 'AllBlocksCleared') return { kind: 'cleared' };
  if (tag === 'BlockRemoved') return readRemoved(membersOf(value, REMOVED, 1)!) ?? 'unread';
  if (tag === 'BlockStored') return readStored(membersOf(value, STORED, 1)!) ?? 'unread';
  return typeof tag === 'string' ? null : 'unread';
}

function readRemoved(members: Members): KvEvent | null {
  const hashes = readHashes(members['block_hashes']);
  return hashes === null ? null : { kind: 'removed', hashes, ...placeOf(members) };
}

function readStored(members: Members): KvEvent | null {
  const hashes = readHashes(members['block_hashes']);
  const given = members['parent_block_hash'] ?? null;
  const parent = given === null ? null : readHash(given);
  const tokenIds = members['token_ids'];
  const blockSize = members['block_size'];
  if (hashes === null || (given !== null && parent === null)) return null;
  if (!Array.isArray(tokenIds) || !tokenIds.every(isCount)) return null;
  if (!isCount(blockSize) || blockSize * hashes.length !== tokenIds.length) return null;
  const adapter = members['lora_name'] ?? members['lora_id'] ?? null;
  const extraKeys = members['extra_keys'];
  return {
    kind: 'stored',
    hashes,
    parent,
    tokenIds,
    blockSize,
    adapter: typeof adapter === 'string' || typeof adapter === 'number' ? String(adapter) : null,
    extraKeys: Array.isArray(extraKeys) ? extraKeys : [],
    ...placeOf(members),
  };
}

function placeOf(members: Members): { readonly medium: string; readonly group: number } {
  const { medium, group_idx: group } = members;
  return {
    medium: typeof medium === 'string' ? medium : GPU,
    group: isCount(group) ? group : 0,
  };
}

function readHashes(value: unknown): readonly bigint[] | null {
  if (!Array.isArray(value)) return null;
  const hashes: bigint[] = [];
  for (const each of value as readonly unknown[]) {
    const hash = readHash(each);
    if (hash === null) return null;
    hashes.push(hash);
  }
  return hashes;
}

/** A number that lost its last bits on the way is no hash. */
function readHash(value: unknown): bigint | null {
  if (typeof value === 'bigint') return BigInt.asUintN(64, value);
  if (Number.isSafeInteger(value)) return BigInt.asUintN(64, BigInt(value as number));
  if (!(value instanceof Uint8Array) || value.length === 0 || value.length > 64) return null;
  return BigInt(`0x${Buffer.from(value).toString('hex')}`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The order of the batches of one publisher: every number once, from 0 on, one more each. */
export class KvSequence {
  #next = 0n;

  /**
   * `gap`: the batches from `missing` on have to be replayed before this one counts, which has then
   * not been taken; `known`: it has been seen.
   */
  take(sequence: bigint): 'next' | 'known' | 'gap' {
    if (sequence !== this.#next) return sequence > this.#next ? 'gap' : 'known';
    this.#next++;
    return 'next';
  }

  get missing(): bigint {
    return this.#next;
  }

  /** What comes before is lost, or has not been. */
  skipTo(sequence: bigint): void {
    this.#next = sequence;
  }
}
