import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KvSequence, readKvBatch } from './kv-events.ts';
import { TokenIndex } from './token-index.ts';

const BIG = 0xfedcba9876543210n;
const stored = (members: object): object => ({
  type: 'BlockStored',
  block_hashes: [1n, BIG],
  parent_block_hash: null,
  token_ids: [1, 2, 3, 4],
  block_size: 2,
  ...members,
});

describe('a batch of KV events', () => {
  const whole = {
    kind: 'stored',
    hashes: [1n, BIG],
    parent: null,
    tokenIds: [1, 2, 3, 4],
    blockSize: 2,
    adapter: null,
    medium: 'GPU',
    group: 0,
    extraKeys: [],
  };

  test.each([
    ['arrays', [1.5, [['BlockStored', [1n, BIG], null, [1, 2, 3, 4], 2, null, 'GPU']]]],
    [
      'arrays, trailing members missing',
      [1.5, [['BlockStored', [1n, BIG], null, [1, 2, 3, 4], 2]]],
    ],
    ['maps in an array', [1.5, [stored({})], 0]],
    ['maps in a map', { ts: 1.5, events: [stored({ medium: 'GPU', group_idx: 0 })] }],
    ['arrays in a map', { ts: 1.5, events: [['BlockStored', [1, BIG], null, [1, 2, 3, 4], 2]] }],
  ])('is read as %s', (_, batch) => {
    expect(readKvBatch(batch)).toMatchObject({ events: [whole], unread: 0 });
  });

  test('has rank, medium, group, adapter, keys and hashes of bytes', () => {
    const bytes = Uint8Array.of(1, 0);
    const batch = readKvBatch([
      0,
      [
        ['BlockRemoved', [7n, bytes], 'CPU', 1],
        { type: 'AllBlocksCleared' },
        stored({ lora_name: 'l', extra_keys: [['salt'], null], parent_block_hash: 9 }),
      ],
      3,
    ])!;
    expect(batch.rank).toBe(3);
    expect(batch.events).toMatchObject([
      { kind: 'removed', hashes: [7n, 256n], medium: 'CPU', group: 1 },
      { kind: 'cleared' },
      { adapter: 'l', extraKeys: [['salt'], null], parent: 9n },
    ]);
  });

  test('counts what it cannot read, and passes over what is new', () => {
    const events = [
      stored({ token_ids: [1, 2, 3] }),
      stored({ block_hashes: [2 ** 60] }),
      stored({ parent_block_hash: 'x' }),
      ['BlockRemoved', 5],
      7,
      null,
      { type: 'BlockMoved' },
    ];
    expect(readKvBatch([0, events])).toMatchObject({ events: [], unread: 6 });
    expect(readKvBatch([0])).toBeNull();
    expect(readKvBatch('x')).toBeNull();
  });

  test('anything at all is read without an exception', () => {
    fc.assert(fc.property(fc.anything(), (value) => void readKvBatch(value)));
    fc.assert(fc.property(fc.array(fc.anything()), (events) => void readKvBatch([0, events])));
  });

  test('that is missing is noticed, and once it is replayed the rest follows', () => {
    const sequence = new KvSequence();
    expect(sequence.take(5n)).toBe('gap');
    sequence.skipTo(5n);
    expect([5n, 6n, 6n, 8n].map((each) => sequence.take(each))).toEqual([
      'next',
      'next',
      'known',
      'gap',
    ]);
    expect(sequence.missing).toBe(7n);
    expect([7n, 8n].map((each) => sequence.take(each))).toEqual(['next', 'next']);
    sequence.skipTo(0n);
    expect(sequence.take(0n)).toBe('next');
  });
});

describe('the token index', () => {
  const apply = (index: TokenIndex, ...events: unknown[]): boolean[] =>
    readKvBatch([0, events])!.events.map((event) => index.apply(event));
  const prompt = (tokenIds: readonly number[], extraKeys: readonly unknown[] = []) => ({
    tokenIds,
    adapter: null,
    extraKeys,
  });
  const gpuTokens = (index: TokenIndex, tokenIds: readonly number[]): number =>
    index.match(prompt(tokenIds)).gpuTokens;

  test('matches whole blocks of the longest beginning', () => {
    const index = new TokenIndex();
    apply(index, stored({}));
    expect(gpuTokens(index, [1, 2, 3, 4, 5])).toBe(4);
    expect(gpuTokens(index, [1, 2, 3, 9])).toBe(2);
    expect(gpuTokens(index, [3, 4])).toBe(0);
    const more = { block_hashes: [5n], parent_block_hash: BIG, token_ids: [5, 6] };
    expect(apply(index, stored(more))).toEqual([true]);
    expect(gpuTokens(index, [1, 2, 3, 4, 5, 6])).toBe(6);
  });

  test('a block on an unknown one is not taken', () => {
    const index = new TokenIndex();
    expect(apply(index, stored({ parent_block_hash: 99n }))).toEqual([false]);
    expect(index.size).toBe(0);
  });

  test('adapters and salts keep blocks apart', () => {
    const index = new TokenIndex();
    apply(index, stored({ extra_keys: [['salt'], null] }));
    expect(gpuTokens(index, [1, 2, 3, 4])).toBe(0);
    expect(index.match(prompt([1, 2, 3, 4], [['salt'], null])).gpuTokens).toBe(4);
    expect(index.match({ ...prompt([1, 2], [['salt']]), adapter: 'l' }).gpuTokens).toBe(0);
  });

  test('what was moved to other memory is no hit of the accelerator', () => {
    const index = new TokenIndex();
    apply(index, stored({}), stored({ medium: 'CPU' }));
    apply(index, { type: 'BlockRemoved', block_hashes: [BIG], medium: 'GPU' });
    expect(index.match(prompt([1, 2, 3, 4]))).toEqual({ gpuTokens: 2, anyTokens: 4 });
    apply(index, ['BlockRemoved', [BIG], 'CPU']);
    expect(index.match(prompt([1, 2, 3, 4]))).toEqual({ gpuTokens: 2, anyTokens: 2 });
  });

  test('a block counts where all groups of attention have it', () => {
    const index = new TokenIndex();
    apply(index, stored({}), stored({ group_idx: 1, block_hashes: [11n, 12n] }));
    expect(gpuTokens(index, [1, 2, 3, 4])).toBe(4);
    apply(index, { type: 'BlockRemoved', block_hashes: [12n], group_idx: 1 });
    expect(gpuTokens(index, [1, 2, 3, 4])).toBe(2);
  });

  test('is the longest beginning of any history of storing and removing', () => {
    const step = fc.record({ chain: fc.nat(3), depth: fc.nat(3), isStored: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const index = new TokenIndex();
        const known = new Set<number>();
        const hashOf = (chain: number, depth: number): bigint => BigInt(chain * 10 + depth + 1);
        for (const { chain, depth, isStored } of steps) {
          const id = chain * 10 + depth;
          const isPossible = depth === 0 || known.has(id - 1);
          if (isStored) {
            const parent = depth === 0 ? null : hashOf(chain, depth - 1);
            const event = {
              block_hashes: [hashOf(chain, depth)],
              parent_block_hash: parent,
              token_ids: [chain, depth],
            };
            expect(apply(index, stored(event))).toEqual([isPossible]);
            if (isPossible) known.add(id);
          } else {
            apply(index, ['BlockRemoved', [hashOf(chain, depth)]]);
            known.delete(id);
          }
        }
        for (let chain = 0; chain <= 3; chain++) {
          let depth = 0;
          while (depth < 4 && known.has(chain * 10 + depth)) depth++;
          const tokens = [0, 1, 2, 3].flatMap((each) => [chain, each]);
          expect(gpuTokens(index, tokens)).toBe(2 * depth);
        }
      }),
    );
  });

  test('a cleared engine holds nothing', () => {
    const index = new TokenIndex();
    apply(index, stored({}), ['AllBlocksCleared']);
    expect(index.size).toBe(0);
    expect(gpuTokens(index, [1, 2])).toBe(0);
  });
});
