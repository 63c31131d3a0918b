import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyCollector } from './body-collector.ts';

test('what goes in comes out, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 400 }), (pieces) => {
      const collector = new BodyCollector();
      for (const piece of pieces) collector.add(Buffer.from(piece));
      const whole = Buffer.concat(pieces);
      expect(collector.length).toBe(whole.length);
      expect(collector.take().equals(whole)).toBe(true);
    }),
  );
});

test('one piece is not copied', () => {
  const collector = new BodyCollector();
  const piece = Buffer.from('{}');
  collector.add(piece);
  expect(collector.take()).toBe(piece);
});
