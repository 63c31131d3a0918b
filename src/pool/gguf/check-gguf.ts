import { isAbsolute } from 'node:path';
import { fault } from '../../kernel/index.ts';
import type { Instance } from '../../contract/index.ts';
import { readGgufFile } from './gguf-file.ts';
import { requireLlamaPackage } from './llama-package.ts';
import { GGUF } from './gguf-engine.ts';

/**
 * Whether the exchange could run an instance, as far as that is known before its model is loaded; of
 * other engines nothing is. Rejects with `BRS_MODEL_FILE`, `BRS_DEPENDENCY_MISSING` or `BRS_ADMIN_INPUT`.
 */
export async function checkGgufInstance({ engine, options }: Instance): Promise<void> {
  const file = options?.['file'];
  if (engine !== GGUF || typeof file !== 'string') return;
  if (!isAbsolute(file)) {
    const reason = 'must be an absolute path: nothing here is relative to the policy file';
    throw fault('BRS_ADMIN_INPUT', { place: 'options.file', reason });
  }
  requireLlamaPackage();
  await readGgufFile(file);
}
