import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import { StaticEncoder } from './static-encoder.ts';
import { TensorFile } from './safetensors.ts';
import { tinyEncoder } from './fixtures/tiny-models.ts';
import { writeSafetensors } from './fixtures/write-safetensors.ts';

const file = writeSafetensors(
  { a: 1 },
  {
    floats: { shape: [2, 2], values: Float32Array.of(1, -2, 3.5, 4) },
    bytes: { shape: [3], values: Int8Array.of(-1, 0, 1) },
    odd: { shape: [2], values: Float32Array.of(5, 6) },
  },
);

function header(entries: unknown, data = 8): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(entries));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  return bytes;
}

const tensor = (overrides: object): unknown => ({
  x: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...overrides },
});

describe('a file as it should be', () => {
  test('gives its tensors, wherever they lie, and its metadata', () => {
    const tensors = new TensorFile('f', Buffer.concat([Buffer.of(0), file]).subarray(1));
    expect(tensors.metadata.get('bourse')).toBe('{"a":1}');
    expect([...tensors.floats('floats', [2, 2])]).toEqual([1, -2, 3.5, 4]);
    expect([...tensors.int8('bytes', [3])]).toEqual([-1, 0, 1]);
    expect([...tensors.floats('odd', [2])]).toEqual([5, 6]);
    expect(tensors.shape('floats')).toEqual([2, 2]);
  });

  test('half floats are read, the smallest too', () => {
    const bytes = header({ x: { dtype: 'F16', shape: [4], data_offsets: [0, 8] } });
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff);
    bytes.set(new Uint8Array(halves.buffer), bytes.length - 8);
    expect([...new TensorFile('f', bytes).floats('x', [4])]).toEqual([1, -2, 2 ** -24, 65_504]);
  });
});

describe('a file that cannot be used', () => {
  test.each([
    ['no header', new Uint8Array(3), /no header/],
    ['a header beyond the end', file.subarray(0, 20), /does not fit/],
    ['data that is cut', file.subarray(0, -4), /cut: "odd"/],
    ['a header that is no JSON', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7b), /JSON/],
    ['a header that is a list', header([]), /JSON object/],
    ['an unknown type', header(tensor({ dtype: 'Q7' })), /type/],
    ['an inherited type', header(tensor({ dtype: 'toString' })), /type/],
    ['a negative size', header(tensor({ shape: [-2] })), /shape/],
    ['a fraction', header(tensor({ shape: [0.5] })), /shape/],
    ['a shape beyond all numbers', header(tensor({ shape: [2 ** 52, 2 ** 52] })), /fill its shape/],
    ['offsets that go back', header(tensor({ data_offsets: [8, 0] })), /fill its shape/],
    ['offsets behind the end', header(tensor({ data_offsets: [8, 16] })), /cut/],
    ['an entry that is null', header({ x: null }), /type/],
  ])('%s', (_, bytes, reason) => {
    const error = caught(() => new TensorFile('models/x.safetensors', bytes));
    expect(error).toMatchObject({ code: 'BRS_MODEL_FILE' });
    expect(String(error)).toMatch(reason);
    expect(String(error)).toContain('models/x.safetensors');
  });

  test('what is asked for otherwise than it is', () => {
    const tensors = new TensorFile('f', file);
    expect(() => tensors.floats('nothing', [1])).toThrow(/no tensor "nothing"/);
    expect(() => tensors.floats('floats', [4])).toThrow(/2×2 where 4/);
    expect(() => tensors.floats('bytes', [3])).toThrow(/I8 where F32 or F16/);
  });

  test('a number that is none', () => {
    const bad = writeSafetensors({}, { x: { shape: [1], values: Float32Array.of(Number.NaN) } });
    expect(() => new TensorFile('f', bad).floats('x', [1])).toThrow(/not finite/);
  });

  test('an encoder with any byte of its header changed opens, or throws a coded fault', () => {
    const whole = tinyEncoder();
    const headerEnd = 8 + new DataView(whole.buffer).getUint32(0, true);
    fc.assert(
      fc.property(fc.nat(headerEnd - 1), fc.nat(255), (at, byte) => {
        const changed = whole.slice();
        changed[at] = byte;
        const error = caught(() => new StaticEncoder('f', changed));
        expect(error === null || Fault.isInstance(error)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}
