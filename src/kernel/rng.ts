import { randomBytes } from 'node:crypto';

/** A source of randomness, uniform on [0, 1). */
export interface Rng {
  next(): number;
}

/** A seeded generator (sfc32, Chris Doty-Humphrey, PractRand): the same seed gives the same run. */
export function createRng(seed: number): Rng {
  let a = 0x9e3779b9;
  let b = seed | 0;
  let c = Math.floor(seed / 0x100000000) | 0;
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return (t >>> 0) / 0x100000000;
  };
  for (let i = 0; i < 15; i++) next();
  return { next };
}

/** A generator seeded by the operating system. */
export function createSystemRng(): Rng {
  return createRng(randomBytes(6).readUIntBE(0, 6));
}
