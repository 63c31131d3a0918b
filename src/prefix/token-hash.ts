/** A prompt as its engine renders it. */
export interface RenderedPrompt {
  readonly tokenIds: readonly number[];
  readonly adapter: string | null;
  /** For each block, as the engine's events have it; missing: nothing. */
  readonly extraKeys: readonly unknown[];
}

/**
 * A number of 53 bits for each whole block of `size` tokens, which stands for it and all before it; two
 * lanes as those of a prompt's bytes. `parent`: of the block before the first; 0: there is none.
 */
export function hashTokens(
  { tokenIds, adapter, extraKeys }: RenderedPrompt,
  size: number,
  parent = 0,
): number[] {
  const hashes: number[] = [];
  let before = parent;
  for (let at = 0; at + size <= tokenIds.length; at += size) {
    let a = 0x2f0b4c47 ^ Math.floor(before / 0x200000);
    let b = 0x6a09e667 ^ (before % 0x200000);
    const extra = extraKeys[at / size] ?? null;
    const text = adapter === null && extra === null ? '' : textOf([adapter, extra]);
    for (let i = 0; i < text.length + size; i++) {
      const word = i < text.length ? ~text.charCodeAt(i) : tokenIds[at + i - text.length]!;
      a = Math.imul(a ^ word, 0xcc9e2d51);
      a = (a << 15) | (a >>> 17);
      b = Math.imul(b ^ word, 0x1b873593);
      b = (b << 13) | (b >>> 19);
    }
    a = avalanche(a ^ ((b << 7) | (b >>> 25)) ^ size);
    b = avalanche(b + a);
    before = (a >>> 0) * 0x200000 + (b >>> 11) || 1;
    hashes.push(before);
  }
  return hashes;
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'bigint' ? String(each) : each,
  );
}

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
function avalanche(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
