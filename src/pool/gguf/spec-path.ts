import { z } from 'zod';
import type { LocalModelSpec } from './local-model.ts';

const PREFIX = '/gguf/';
/** Where the paths of the models of the fleet are put, as a JSON list: no other is held. */
export const KEEP_PATH = '/keep';

export const SLOTS_MAX = 64;
export const CONTEXT_TOKENS_MIN = 64;
/** Beyond any model. */
export const CONTEXT_TOKENS_MAX = 16_777_216;
export const THREADS_MAX = 1_024;

const specSchema = z.strictObject({
  file: z.string().min(1),
  task: z.enum(['chat', 'embedding']),
  slots: z.int().min(1).max(SLOTS_MAX),
  contextTokens: z.int().min(CONTEXT_TOKENS_MIN).max(CONTEXT_TOKENS_MAX).nullable(),
  threads: z.int().min(1).max(THREADS_MAX).nullable(),
});

/** The base path under which a server of local models serves one of them. */
export function pathOfSpec({ file, task, slots, contextTokens, threads }: LocalModelSpec): string {
  const spec = { file, task, slots, contextTokens, threads };
  return PREFIX + Buffer.from(JSON.stringify(spec)).toString('base64url');
}

/** Which model a path means, and what of it; null where it means none. */
export function readSpecPath(path: string): { spec: LocalModelSpec; rest: string } | null {
  if (!path.startsWith(PREFIX)) return null;
  const slash = path.indexOf('/', PREFIX.length);
  const encoded = path.slice(PREFIX.length, slash < 0 ? undefined : slash);
  try {
    const json: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    const parsed = specSchema.safeParse(json);
    return parsed.success ? { spec: parsed.data, rest: slash < 0 ? '' : path.slice(slash) } : null;
  } catch {
    return null;
  }
}
