import { dirname, resolve } from 'node:path';
import { entriesOf, membersOf } from '../document/raw.ts';
import { assemblePolicy } from './assemble.ts';
import type { AssemblyInput } from './assemble.ts';

/** Members of an instance that name a file with a secret. */
export type SecretFile = 'apiKeyFile' | 'bidSecretFile';

/** The files in which instances keep their secrets of one kind, by the instance's index. */
export function secretFiles(
  root: unknown,
  file: string,
  member: SecretFile,
): ReadonlyMap<number, string> {
  const files = new Map<number, string>();
  for (const [i, instance] of entriesOf(membersOf(root)['instances'])) {
    const path = instance[member];
    if (typeof path === 'string') files.set(i, resolve(dirname(file), path));
  }
  return files;
}

/** Asks for every file that loading the policy reads, in that order; those that cannot be read are skipped. */
export function readNamedFiles(
  input: AssemblyInput & Required<Pick<AssemblyInput, 'readFile'>>,
): void {
  const { value } = assemblePolicy(input);
  for (const member of ['apiKeyFile', 'bidSecretFile'] as const) {
    for (const path of secretFiles(value, input.file, member).values()) {
      try {
        input.readFile?.(path);
      } catch {
        continue;
      }
    }
  }
}
