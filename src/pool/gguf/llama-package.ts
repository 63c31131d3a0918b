import { requireOptionalPackage } from '../models/optional-package.ts';

/** Where the library of local models lies. Throws `BRS_DEPENDENCY_MISSING` where it is not installed. */
export const requireLlamaPackage = (): string =>
  requireOptionalPackage('a local GGUF model', 'node-llama-cpp');
