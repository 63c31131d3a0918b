/**
 * The reviewed features of texts, for training/attack.py: reads JSON strings from standard input, one
 * per line; writes one object per line: the texts that the head reads, and the features that hold.
 */
import { createInterface } from 'node:readline';
import { AttackReader, ATTACK_FEATURES, REVIEWED_WEIGHTS } from '../src/encoder/attack/features.ts';

const reader = new AttackReader();
process.stdout.write(`${JSON.stringify({ names: ATTACK_FEATURES, weights: REVIEWED_WEIGHTS })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { texts, values } = reader.read(JSON.parse(line) as string);
  const on: number[] = [];
  values.forEach((value, i) => {
    if (value === 1) on.push(i);
  });
  process.stdout.write(`${JSON.stringify({ texts, on })}\n`);
}
