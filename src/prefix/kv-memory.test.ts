import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PromptChain } from '../contract/index.ts';
import { KvMemory } from './kv-memory.ts';

const SIZE = 4;

/** A prompt of one letter per token and per byte; a block of bytes has 8. */
function chainOf(text: string): PromptChain {
  const blocks = Math.floor(text.length / 8);
  const ends = Array.from({ length: blocks }, (_, i) => 8 * (i + 1));
  return { hashes: ends.map((end) => numberOf(text.slice(0, end))), ends, totalBytes: text.length };
}
const numberOf = (text: string): number =>
  createHash('sha1').update(text).digest().readUIntBE(0, 6) + 1;
const tokensOf = (text: string): number[] => text.split('').map((letter) => letter.charCodeAt(0));
const promptOf = (text: string) => ({ tokenIds: tokensOf(text), adapter: null, extraKeys: [] });

/** An engine that keeps so many blocks and drops the one used longest ago; it numbers what it publishes. */
class Engine {
  readonly published: { readonly sequence: bigint; readonly batch: unknown }[] = [];
  /** By engine hash, the one used longest ago first. */
  readonly held = new Set<string>();
  readonly #blocksMax: number;
  readonly #isMap: boolean;
  #sequence = 0n;

  constructor(blocksMax: number, isMap: boolean) {
    this.#blocksMax = blocksMax;
    this.#isMap = isMap;
  }

  serve(text: string): void {
    const events: unknown[] = [];
    const own = Array.from({ length: Math.floor(text.length / SIZE) }, (_, i) =>
      text.slice(0, SIZE * (i + 1)),
    );
    for (const prefix of own) {
      if (this.held.delete(prefix)) {
        this.held.add(prefix);
        continue;
      }
      const oldest = [...this.held].find((each) => !own.includes(each));
      if (this.held.size >= this.#blocksMax) {
        if (oldest === undefined) break;
        this.held.delete(oldest);
        events.push(this.#event('BlockRemoved', { block_hashes: [hash(oldest)] }));
      }
      this.held.add(prefix);
      const before = prefix.slice(0, -SIZE);
      events.push(
        this.#event('BlockStored', {
          block_hashes: [hash(prefix)],
          parent_block_hash: before === '' ? null : hash(before),
          token_ids: tokensOf(prefix.slice(-SIZE)),
          block_size: SIZE,
        }),
      );
    }
    this.#publish(events);
  }

  evict(places: number): void {
    const [oldest] = [...this.held].slice(places);
    if (oldest === undefined) return;
    this.held.delete(oldest);
    this.#publish([this.#event('BlockRemoved', { block_hashes: [hash(oldest)] })]);
  }

  clear(): void {
    this.held.clear();
    this.#publish([this.#event('AllBlocksCleared', {})]);
  }

  restart(): void {
    this.held.clear();
    this.published.length = 0;
    this.#sequence = 0n;
  }

  heldTokens(text: string): number {
    let at = 0;
    while (at + SIZE <= text.length && this.held.has(text.slice(0, at + SIZE))) at += SIZE;
    return at;
  }

  #event(type: string, members: object): unknown {
    return this.#isMap ? { type, ...members } : [type, ...Object.values(members)];
  }

  #publish(events: readonly unknown[]): void {
    this.published.push({ sequence: this.#sequence++, batch: [0, events, 0] });
  }
}
const hash = (text: string): bigint => BigInt(numberOf(text)) * 1024n + 5n;

function learn(memory: KvMemory, text: string): void {
  const rendering = memory.render(chainOf(text), [promptOf(text)]);
  if (rendering !== null) memory.learn(rendering);
}
/** Tells all; a batch at a place in `lost` is only replayed, and not even that without `replays`. */
function deliver(engine: Engine, memory: KvMemory, from: number, replays: boolean): void {
  for (const { sequence, batch } of engine.published.slice(from)) {
    if (memory.hear(sequence, batch) === 'taken') continue;
    for (const each of replays ? engine.published : []) {
      if (each.sequence >= memory.missing && each.sequence < sequence) {
        expect(memory.hear(each.sequence, each.batch, true)).toBe('taken');
      }
    }
    if (memory.hear(sequence, batch) === 'taken') continue;
    memory.giveUp(sequence);
    expect(memory.hear(sequence, batch)).toBe('taken');
  }
}

const ALPHABET = fc.constantFrom('a', 'b');
/** Few beginnings, so that prompts share them. */
const PROMPT = fc
  .array(ALPHABET, { minLength: 2, maxLength: 6 })
  .map((words) => `${words.map((word) => word.repeat(8)).join('')}x`);
const STEP = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('serve' as const), text: PROMPT }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('evict' as const), at: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('lose' as const), of: fc.nat(3) }) },
);

describe('what events say of a KV memory', () => {
  const history = fc.array(STEP, { maxLength: 30 });
  test.each([
    ['arrays, with a replay', false, true],
    ['maps, with a replay', true, true],
    ['arrays, without', false, false],
    ['maps, without', true, false],
  ])('is what the engine holds, told in %s', (_, isMap, replays) => {
    fc.assert(
      fc.property(history, fc.array(PROMPT, { maxLength: 4 }), (steps, asked) => {
        const engine = new Engine(8, isMap);
        const memory = new KvMemory();
        for (const step of steps) {
          const from = engine.published.length;
          if (step.kind === 'serve') engine.serve(step.text);
          if (step.kind === 'evict') engine.evict(step.at);
          if (step.kind === 'clear') engine.clear();
          if (step.kind === 'restart') engine.restart();
          if (step.kind === 'lose') {
            for (let i = 0; i <= step.of; i++) engine.evict(i);
            continue;
          }
          deliver(engine, memory, from, replays);
          if (step.kind === 'serve') learn(memory, step.text);
        }
        // What was lost last shows with the next batch.
        const from = engine.published.length;
        engine.serve('z'.repeat(8));
        deliver(engine, memory, from, replays);
        for (const text of asked) {
          const told = Math.round(memory.cachedShare(chainOf(text), 0) * text.length);
          const held = engine.heldTokens(text);
          expect(told).toBeLessThanOrEqual(held);
          // Whole blocks of bytes, of a prompt whose rendering is known.
          if (memory.isWhole && memory.recalls(chainOf(text))) {
            expect(told).toBe(held - (held % 8));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  const TEXT = `${'a'.repeat(32)}${'b'.repeat(32)}`;
  /** A memory that has heard of `TEXT`, from number `from` on, and learned how it is rendered. */
  function served(from = 0n): { readonly memory: KvMemory; readonly engine: Engine } {
    const engine = new Engine(100, true);
    engine.serve(TEXT);
    const memory = new KvMemory();
    if (from > 0n) {
      expect(memory.hear(from, [0, []])).toBe('gap');
      memory.giveUp(from);
    }
    expect(memory.hear(from, engine.published[0]!.batch)).toBe('taken');
    learn(memory, TEXT);
    return { memory, engine };
  }
  const removed = (text: string): unknown => [0, [['BlockRemoved', [hash(text)]]]];

  test('overrules what is believed, once it is whole', () => {
    const { memory } = served();
    expect(memory.isWhole).toBe(true);
    expect(memory.cachedShare(chainOf(TEXT), 0)).toBe(1);
    memory.hear(1n, removed(TEXT.slice(0, 36)));
    expect(memory.cachedShare(chainOf(TEXT), 1)).toBe(0.5);
    memory.hear(2n, [0, ['AllBlocksCleared']]);
    memory.hear(3n, [0, [['AllBlocksCleared']]]);
    expect(memory.cachedShare(chainOf(TEXT), 1)).toBe(0);
  });

  test('leaves a prompt that was never rendered to belief', () => {
    const { memory } = served();
    expect(memory.cachedShare(chainOf('c'.repeat(32)), 0.75)).toBe(0.75);
    // The beginning is known, the rest is not.
    const longer = chainOf(`${TEXT}${'c'.repeat(64)}`);
    expect(memory.cachedShare(longer, 0)).toBe(0.5);
    expect(memory.cachedShare(longer, 0.9)).toBe(0.9);
  });

  test('that began before anybody listened has the word where it was heard of', () => {
    const { memory } = served(7n);
    expect(memory.isWhole).toBe(false);
    expect(memory.cachedShare(chainOf(TEXT), 0.1)).toBe(1);
    memory.hear(8n, removed(TEXT.slice(0, 4)));
    expect(memory.cachedShare(chainOf(TEXT), 0.9)).toBe(0);
    // After a loss nothing is known but what is believed.
    memory.giveUp(12n);
    expect(memory.cachedShare(chainOf(TEXT), 0.9)).toBe(0.9);
  });

  test('is not taken for a prompt that the engine saw in another way', () => {
    const { memory } = served();
    const other = { tokenIds: tokensOf(TEXT).map((id) => id + 1), adapter: null, extraKeys: [] };
    expect(memory.render(chainOf(TEXT), [other])).toBeNull();
    expect(memory.render(chainOf(TEXT), [other, promptOf(TEXT)])!.tokens).toBe(64);
  });

  test('is learned anew after what cannot be read', () => {
    const { memory } = served();
    for (const batch of [null, 'x', [0, [7]]]) {
      const each = served().memory;
      expect(each.hear(1n, batch)).toBe('taken');
      expect(each.isWhole).toBe(false);
      expect(each.cachedShare(chainOf(TEXT), 0.5)).toBe(0.5);
    }
    let deep: unknown = null;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const stored = { block_hashes: [1], token_ids: [1], block_size: 1, extra_keys: [deep] };
    memory.hear(1n, [0, [{ type: 'BlockStored', ...stored }]]);
    expect(memory.isWhole).toBe(false);
  });

  test('that began anew forgets, whatever number comes first', () => {
    const { memory, engine } = served();
    memory.hear(1n, [0, []]);
    engine.restart();
    engine.serve('c'.repeat(32));
    expect(memory.hear(0n, engine.published[0]!.batch)).toBe('taken');
    expect(memory.isWhole).toBe(true);
    expect(memory.cachedShare(chainOf(TEXT), 1)).toBe(0);
    const { memory: other } = served();
    other.hear(1n, [0, []]);
    other.hear(2n, [0, []]);
    expect(other.hear(1n, [0, []])).toBe('gap');
    expect(other.missing).toBe(0n);
  });
});
