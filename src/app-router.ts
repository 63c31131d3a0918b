import { readFile } from 'node:fs/promises';
import { fault } from './kernel/index.ts';
import type { LearningConfig, TrainedRouter, Understanding } from './contract/index.ts';

/** The router that a policy names; null where it names none. Rejects with `BRS_MODEL_FILE`. */
export async function openTrainedRouter(
  router: NonNullable<LearningConfig['router']> | null,
  understanding: Understanding,
): Promise<TrainedRouter | null> {
  if (router === null) return null;
  // Without a router, nothing of it is loaded.
  const { readQualityModel, trainedRouter } = await import('./quality/index.ts');
  const { file, questions } = router;
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const reason = `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
    throw fault('BRS_MODEL_FILE', { file, reason }, { cause: error });
  }
  const model = readQualityModel(file, bytes, understanding.fast().encoder);
  return trainedRouter(model, { name: `r${digestOf(bytes)}`, questions });
}

/** FNV-1a: what was learned in the numbers of one file is nothing in those of another. */
function digestOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash >>> 0).toString(36);
}
