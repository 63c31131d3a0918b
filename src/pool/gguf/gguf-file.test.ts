import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGgufFile } from './gguf-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bourse-gguf-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([u64(value.length), Buffer.from(value)]);
const entry = (key: string, kind: number, value: Buffer): Buffer =>
  Buffer.concat([text(key), u32(kind), value]);

/** One tensor of 8 × 4 numbers, after a vocabulary of three words. */
function smallGguf(pooling: number | null = null): Buffer {
  const entries = [
    ...(pooling === null ? [] : [entry('llama.pooling_type', 4, u32(pooling))]),
    entry('general.architecture', 8, text('llama')),
    entry('general.name', 8, text('small')),
    entry('llama.context_length', 4, u32(2048)),
    entry('llama.block_count', 10, u64(3)),
    entry('some.ratio', 6, Buffer.alloc(4)),
    entry(
      'tokenizer.ggml.tokens',
      9,
      Buffer.concat([u32(8), u64(3), text('a'), text('bc'), text('')]),
    ),
    entry('tokenizer.ggml.scores', 9, Buffer.concat([u32(6), u64(3), Buffer.alloc(12)])),
  ];
  const tensor = Buffer.concat([text('token_embd.weight'), u32(2), u64(8), u64(4), u32(0), u64(0)]);
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(1),
    u64(entries.length),
    ...entries,
    tensor,
  ]);
  const padding = Buffer.alloc((32 - (head.length % 32)) % 32);
  return Buffer.concat([head, padding, Buffer.alloc(8 * 4 * 4)]);
}

async function read(bytes: Buffer) {
  const file = join(folder, 'model.gguf');
  await writeFile(file, bytes);
  return readGgufFile(file);
}

test('the head tells what the model is', async () => {
  expect(await read(smallGguf())).toEqual({
    architecture: 'llama',
    name: 'small',
    contextTokens: 2048,
    layers: 3,
    parameters: 32,
    tensors: 1,
    fileBytes: smallGguf().length,
    hasChatTemplate: false,
    isEmbedding: false,
  });
});

test('how it pools tells whether it embeds', async () => {
  const embeds = async (pooling: number) => (await read(smallGguf(pooling))).isEmbedding;
  expect([await embeds(0), await embeds(1), await embeds(3), await embeds(4)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test.each([
  ['nothing', Buffer.alloc(0), 'cut or broken'],
  ['another file', Buffer.from('version: 1\nmodels: []\n'), 'no GGUF file'],
  ['a version of tomorrow', Buffer.concat([Buffer.from('GGUF'), u32(9)]), 'version is 9'],
  ['a download that was cut', smallGguf().subarray(0, -130), 'was cut'],
])('%s is refused in words', async (_, bytes, reason) => {
  await expect(read(bytes)).rejects.toMatchObject({
    code: 'BRS_MODEL_FILE',
    message: expect.stringContaining(reason) as string,
  });
});

test('a file that is not there is refused with its name', async () => {
  await expect(readGgufFile(join(folder, 'none.gguf'))).rejects.toMatchObject({
    code: 'BRS_MODEL_FILE',
    message: expect.stringContaining('none.gguf') as string,
  });
});

test('no bytes do more than to be refused', async () => {
  const whole = smallGguf();
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - 1),
      fc.uint8Array({ minLength: 1, maxLength: 12 }),
      async (at, noise) => {
        const bytes = Buffer.from(whole);
        bytes.set(noise.subarray(0, whole.length - at), at);
        const outcome = await read(bytes).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'BRS_MODEL_FILE' });
      },
    ),
    { numRuns: 200 },
  );
});
