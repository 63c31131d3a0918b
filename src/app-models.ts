import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, relative, resolve } from 'node:path';
import { fault } from './kernel/index.ts';
import { ConfigIssue } from './contract/index.ts';
import type { AddedModel, GgufSummary } from './contract/index.ts';
import { addLocalModel } from './policy/index.ts';
import { readGgufFile } from './pool/index.ts';

/** Rejects with `BRS_MODEL_FILE` where the file is no whole GGUF file. */
export const verifyModel = (file: string): Promise<GgufSummary> => readGgufFile(file);

/** Slots of a local instance have this context where its model was trained with a longer one. */
const CONTEXT_TOKENS_MAX = 4_096;

/**
 * Puts a GGUF file into a policy file, as a model with an instance of its own. Rejects with
 * `BRS_MODEL_FILE` or `BRS_CONFIG`; the policy file is whole whatever happens.
 */
export async function addModel(options: {
  readonly configFile: string;
  readonly file: string;
  readonly id: string | null;
}): Promise<AddedModel> {
  const summary = await readGgufFile(options.file);
  const id = options.id ?? idOf(options.file);
  const configFile = resolve(options.configFile);
  const added = { id, instance: `${id}-local`, summary };
  const trained = summary.contextTokens;
  const entry = {
    ...added,
    file: relative(dirname(configFile), resolve(options.file)),
    isEmbedding: summary.isEmbedding,
    contextTokens: trained === null ? null : Math.min(trained, CONTEXT_TOKENS_MAX),
  };
  try {
    const text = addLocalModel(await readFile(configFile, 'utf8'), entry);
    await writeFile(`${configFile}.new`, text, { flag: 'wx' });
    await rename(`${configFile}.new`, configFile);
  } catch (error) {
    const reason =
      error instanceof ConfigIssue
        ? `${error.path.join('.')} ${error.message}`.trim()
        : (error as NodeJS.ErrnoException).code;
    throw fault('BRS_CONFIG', { report: `${configFile}: ${reason}` }, { cause: error });
  }
  return added;
}

/** The name of the file as an identifier. */
function idOf(file: string): string {
  const name = basename(file).replace(/\.gguf$/i, '');
  return name.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-');
}
