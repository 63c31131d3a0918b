import { dirname, resolve } from 'node:path';
import type { LearningConfig, UnderstandingConfig } from '../contract/index.ts';
import { routerOf } from './config/exploration.ts';
import { buildUnderstanding } from './config/understanding.ts';
import { assemblePolicy } from './assemble/assemble.ts';
import { listOf, membersOf } from './document/raw.ts';
import type { PolicyInput } from './load-policy.ts';
import { routerSchema } from './schema/exploration.ts';
import { understandingSchema } from './schema/understanding.ts';

/**
 * Reads `understanding` alone, before the signals that compile the rest exist. What is wrong with it
 * counts as not written: `loadPolicy` reports it.
 */
export function readUnderstanding(
  input: Pick<PolicyInput, 'text' | 'file' | 'env' | 'readFile'>,
): UnderstandingConfig {
  const near = (path: string): string => resolve(dirname(input.file), path);
  const given = understandingSchema.safeParse(membersOf(rootOf(input))['understanding']);
  const file = given.success ? given.data : understandingSchema.parse({});
  return buildUnderstanding(file, near);
}

/** The trained router that the policy names, before anything else of it can be checked; null where there is none. */
export function readRouter(
  input: Pick<PolicyInput, 'text' | 'file' | 'env' | 'readFile'>,
): NonNullable<LearningConfig['router']> | null {
  const near = (path: string): string => resolve(dirname(input.file), path);
  const learning = membersOf(membersOf(rootOf(input))['learning']);
  const given = routerSchema.optional().safeParse(learning['router']);
  return given.success ? routerOf(given.data, near) : null;
}

/** The absolute paths of the policy's plugins, which are imported before anything else of it can be checked. */
export function readPluginPaths(
  input: Pick<PolicyInput, 'text' | 'file' | 'env' | 'readFile'>,
): readonly string[] {
  return listOf(membersOf(rootOf(input))['plugins'])
    .filter((path) => typeof path === 'string')
    .map((path) => resolve(dirname(input.file), path));
}

function rootOf(input: Pick<PolicyInput, 'text' | 'file' | 'env' | 'readFile'>): unknown {
  try {
    return assemblePolicy(input).value;
  } catch {
    return undefined;
  }
}
