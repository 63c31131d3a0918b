import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelFileFault } from '../../encoder/index.ts';
import type { ModelFiles } from '../../encoder/index.ts';

/** `models/` of the package: as far from `src/pool/models` as from `dist/pool/models`. */
export const shippedModels = (): string =>
  fileURLToPath(new URL('../../../models', import.meta.url));

/** The files of a folder, read when asked for; a name that is not there is null. */
export function openModelFiles(folder: string = shippedModels()): ModelFiles {
  return (name) => {
    try {
      return readFileSync(join(folder, name));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      throw modelFileFault(join(folder, name), `it cannot be read (${code ?? 'unknown'})`);
    }
  };
}
