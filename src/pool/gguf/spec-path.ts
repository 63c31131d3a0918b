import { z } from 'zod';
import type { LocalModelSpec } from './local-model.ts';

const PREFIX = '/gguf/';

const specSchema = z.strictObject({
  file: z.string().min(1),
  slots: z.int().min(1).max(64),
  contextTokens: z.int().min(64).nullable(),
  threads: z.int().min(1).max(1024).nullable(),
});

/** The base path under which a server of local models serves one of them. */
export function pathOfSpec({ file, slots, contextTokens, threads }: LocalModelSpec): string {
  const spec = { file, slots, contextTokens, threads };
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
