import { dirname, resolve } from 'node:path';
import { entriesOf, membersOf } from '../document/raw.ts';
import { assemblePolicy } from './assemble.ts';
import type { AssemblyInput } from './assemble.ts';

/** The files in which instances keep their keys, by the instance's index. */
export function keyFiles(root: unknown, file: string): ReadonlyMap<number, string> {
  const files = new Map<number, string>();
  for (const [i, instance] of entriesOf(membersOf(root)['instances'])) {
    const path = instance['apiKeyFile'];
    if (typeof path === 'string') files.set(i, resolve(dirname(file), path));
  }
  return files;
}

/** Asks for every file that loading the policy reads, in that order; those that cannot be read are skipped. */
export function readNamedFiles(
  input: AssemblyInput & Required<Pick<AssemblyInput, 'readFile'>>,
): void {
  const { value } = assemblePolicy(input);
  for (const path of keyFiles(value, input.file).values()) {
    try {
      input.readFile?.(path);
    } catch {
      continue;
    }
  }
}
