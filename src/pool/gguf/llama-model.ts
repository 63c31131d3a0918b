import { fault } from '../../kernel/index.ts';
import { importPackage } from '../models/optional-package.ts';
import { readGgufFile } from './gguf-file.ts';
import { openLlamaChat } from './llama-chat.ts';
import { openLlamaEmbedder } from './llama-embedder.ts';
import { requireLlamaPackage } from './llama-package.ts';
import type { LlamaPackage } from './llama-port.ts';
import type { LocalModel, LocalModelSpec } from './local-model.ts';

/**
 * Opens a GGUF file with llama.cpp on the processor, through the optional package `node-llama-cpp`.
 * Rejects with `BRS_DEPENDENCY_MISSING`, `BRS_MODEL_FILE` or `BRS_MODEL_MEMORY`.
 */
export async function openLlamaModel(spec: LocalModelSpec): Promise<LocalModel> {
  const library = await importPackage<LlamaPackage>(requireLlamaPackage(), 'getLlama');
  // The library says of a file only that it could not be loaded.
  await readGgufFile(spec.file);
  const llama = await library.getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    logLevel: library.LlamaLogLevel.error,
    ...(spec.threads === null ? {} : { maxThreads: spec.threads }),
  });
  try {
    const model = await llama.loadModel({ modelPath: spec.file });
    const parts = { library, llama, model, spec };
    return await (spec.task === 'chat' ? openLlamaChat(parts) : openLlamaEmbedder(parts));
  } catch (error) {
    await llama.dispose();
    throw faultOf(error, spec);
  }
}

/** How the library and llama.cpp say that there is too little of it. */
const MEMORY = /memory|\bv?ram\b|alloc|failed to create context/i;

function faultOf(error: unknown, { file, slots, contextTokens }: LocalModelSpec): Error {
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
  const isMemory = MEMORY.test(reason);
  if (!isMemory) return fault('BRS_MODEL_FILE', { file, reason }, { cause: error });
  const contexts = `${slots} × ${contextTokens ?? 'its own'} tokens of context`;
  return fault('BRS_MODEL_MEMORY', { file, contexts, reason }, { cause: error });
}
