import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fault } from '../../kernel/index.ts';
import { readClientMix } from './client-mix.ts';
import { generateTrace } from './generate-trace.ts';
import { TRACE_BLOCK_TOKENS } from './trace.ts';
import type { Trace, TraceRequest } from './trace.ts';

const BYTES_MAX = 1024 * 1024 * 1024;
const TOKENS_MAX = 10_000_000;

/**
 * A trace file, plain or gzip: a mix of clients (YAML), from which one is generated; the CSV of Azure's LLM inference trace (`TIMESTAMP,ContextTokens,GeneratedTokens`), or
 * JSON Lines of Mooncake's (`timestamp` in ms, `input_length`, `output_length`, `hash_ids`). Throws `BRS_CONFIG` that names the line.
 */
export function readTrace(file: string): Trace {
  let text: string;
  try {
    const bytes = readFileSync(file);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    text = (isGzip ? gunzipSync(bytes, { maxOutputLength: BYTES_MAX }) : bytes).toString('utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it is not a whole gzip file';
    throw fault('BRS_CONFIG', { report: `${file} cannot be read (${reason})` }, { cause: error });
  }
  return parseTrace(text, file);
}

/** See `readTrace`. */
export function parseTrace(text: string, file: string): Trace {
  const name = basename(file).replace(/\.(csv|jsonl|ya?ml)?(\.gz)?$/, '');
  if (/\.ya?ml$/.test(file)) return generateTrace(readClientMix(text, file), name);
  const lines = text.split('\n');
  const isCsv = lines[0]!.startsWith('TIMESTAMP');
  const requests: TraceRequest[] = [];
  for (let i = isCsv ? 1 : 0; i < lines.length; i++) {
    const line = lines[i]!.trim();
    if (line === '') continue;
    const request = isCsv ? azureRow(line) : mooncakeRow(line);
    if (typeof request === 'string') {
      throw fault('BRS_CONFIG', { report: `${file}:${i + 1}: ${request}` });
    }
    requests.push(request);
  }
  if (requests.length < 2) {
    throw fault('BRS_CONFIG', { report: `${file}: a trace has two requests at least` });
  }
  requests.sort((a, b) => a.atMs - b.atMs);
  const startMs = requests[0]!.atMs;
  return {
    name,
    requests: requests.map((request) => ({ ...request, atMs: request.atMs - startMs })),
  };
}

const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= TOKENS_MAX;

function azureRow(line: string): TraceRequest | string {
  const [time = '', context, generated] = line.split(',');
  const atMs = Date.parse(`${time.slice(0, 23).replace(' ', 'T')}Z`);
  const promptTokens = Number(context);
  const outputTokens = Number(generated);
  if (Number.isNaN(atMs)) return 'TIMESTAMP is no time such as 2023-11-16 18:17:03.9799600';
  if (!isCount(promptTokens) || !isCount(outputTokens)) {
    return 'ContextTokens and GeneratedTokens must be whole numbers';
  }
  return sized(atMs, promptTokens, outputTokens, null);
}

function mooncakeRow(line: string): TraceRequest | string {
  let row: Record<string, unknown>;
  try {
    row = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return 'it is not JSON';
  }
  const { timestamp, input_length: prompt, output_length: output, hash_ids: ids } = row ?? {};
  if (typeof timestamp !== 'number') return 'timestamp must be a number of milliseconds';
  if (!isCount(prompt) || !isCount(output)) {
    return 'input_length and output_length must be whole numbers';
  }
  if (!Array.isArray(ids) || !ids.every(isCount)) return 'hash_ids must be a list of whole numbers';
  const needed = Math.ceil(prompt / TRACE_BLOCK_TOKENS);
  if (ids.length < needed) {
    return `hash_ids has ${ids.length} blocks, and ${prompt} tokens need ${needed}`;
  }
  return sized(timestamp, prompt, output, ids);
}

/** An engine computes one token of prompt and makes one of answer at least. */
function sized(
  atMs: number,
  promptTokens: number,
  outputTokens: number,
  blocks: readonly number[] | null,
): TraceRequest {
  return {
    atMs,
    promptTokens: Math.max(1, promptTokens),
    outputTokens: Math.max(1, outputTokens),
    blocks,
  };
}
