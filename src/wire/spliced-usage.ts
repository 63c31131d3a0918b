import { isObject } from './usage.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * The usage of an answer that came in parts: the prompt as the first part counted it, and what was
 * written in all of them. Null where the last part does not say.
 */
export function splicedUsage(parts: readonly unknown[]): Json | null {
  const last = parts.at(-1);
  const first = parts.find(isObject);
  if (!isObject(last) || first === undefined) return null;
  const written = sum(parts, 'completion_tokens');
  const prompt = count(first['prompt_tokens']);
  const usage: Record<string, unknown> = {
    ...first,
    prompt_tokens: prompt,
    total_tokens: prompt + written,
    completion_tokens: written,
  };
  const details = parts.map((part) => (isObject(part) ? part['completion_tokens_details'] : null));
  if (details.some(isObject)) usage['completion_tokens_details'] = summed(details);
  return usage;
}

function summed(parts: readonly unknown[]): Json {
  const keys = new Set(parts.flatMap((part) => (isObject(part) ? Object.keys(part) : [])));
  return Object.fromEntries([...keys].map((key) => [key, sum(parts, key)]));
}

const sum = (parts: readonly unknown[], key: string): number =>
  parts.reduce<number>((total, part) => total + (isObject(part) ? count(part[key]) : 0), 0);

const count = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : 0);
