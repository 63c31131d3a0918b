import { mixHash, uniformOf } from '../hash.ts';
import type { PromptBlocks } from '../prompt-blocks.ts';
import { TRACE_BLOCK_TOKENS } from './trace.ts';
import type { TraceRequest } from './trace.ts';

/** English text has about four bytes per token; a block's own rate is up to 15 % off. */
const BYTES_PER_TOKEN = 4;
const BYTES_SPREAD = 0.15;
const PATTERN_BYTES = 64;

/** The blocks as an engine hashes them: the finer blocks of an engine divide those of the trace. */
export function engineBlocks(request: TraceRequest, blockSize: number): PromptBlocks {
  const { promptTokens: tokens, blocks } = request;
  // What nobody shares is never found again: it needs no hashes.
  if (blocks === null) return { tokens, hashes: [] };
  const perTrace = TRACE_BLOCK_TOKENS / blockSize;
  const hashes = Array.from<number>({ length: Math.floor(tokens / blockSize) });
  for (let i = 0; i < hashes.length; i++) {
    hashes[i] = blocks[Math.floor(i / perTrace)]! * perTrace + (i % perTrace);
  }
  return { tokens, hashes };
}

const HEAD = '{"bourse_sim":{"request":';
const MIDDLE =
  '},"model":"auto","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"';
const TAIL = '"}]}';

/**
 * A chat request as a client would send it. The prompt is real text, made by filling memory with a
 * short pattern per block (some 10 µs for 12 000 tokens): the same block of the trace is the same text, so that whatever
 * the exchange computes of a prompt (length, prefix hashes) it computes of this one. `request` comes back by `requestOf`.
 */
export function promptBody(request: TraceRequest, index: number): Buffer {
  const { promptTokens, blocks } = request;
  const cuts: { readonly id: number; readonly bytes: number }[] = [];
  if (blocks === null) cuts.push({ id: -1 - index, bytes: bytesOf(promptTokens, -1 - index) });
  else {
    for (let left = promptTokens, i = 0; left > 0; left -= TRACE_BLOCK_TOKENS, i++) {
      const id = blocks[i]!;
      cuts.push({ id, bytes: bytesOf(Math.min(left, TRACE_BLOCK_TOKENS), id) });
    }
  }
  const head = `${HEAD}${index}${MIDDLE}`;
  const size = cuts.reduce((sum, { bytes }) => sum + bytes, head.length + TAIL.length);
  const body = Buffer.allocUnsafe(size);
  let at = body.write(head, 0, 'latin1');
  for (const { id, bytes } of cuts) {
    body.fill(patternOf(id), at, at + bytes, 'latin1');
    at += bytes;
  }
  body.write(TAIL, at, 'latin1');
  return body;
}

/** The number of the request that a body belongs to. */
export function requestOf(body: Buffer): number {
  return Number.parseInt(body.toString('latin1', HEAD.length, HEAD.length + 16), 10);
}

function bytesOf(tokens: number, id: number): number {
  const rate = 1 + BYTES_SPREAD * (2 * uniformOf(mixHash(id, 0x51ed), 1) - 1);
  return Math.max(1, Math.round(tokens * BYTES_PER_TOKEN * rate));
}

const WORDS = ' the quick brown fox jumps over the lazy dog and then rests a while.';

const patternOf = (id: number): string => (`block ${id}` + WORDS).slice(0, PATTERN_BYTES);
