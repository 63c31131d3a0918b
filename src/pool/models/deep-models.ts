import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Classifier, DeepModels, HeadTask } from '../../contract/index.ts';
import { deepSchema, modelFileFault, parseMetadata } from '../../encoder/index.ts';
import type { DeepMetadata } from '../../encoder/index.ts';
import { shippedModels } from './model-files.ts';
import { openOnnxThread } from './onnx-model.ts';
import type { OnnxTimes } from './onnx-model.ts';
import { threadClassifier, threadEncoder, threadTagger } from './onnx-ports.ts';

export interface DeepModelsOptions extends OnnxTimes {
  /** Of `deep-encoder.json` and the files that it names. */
  readonly folder?: string;
}

export interface OpenDeepModels extends DeepModels {
  /** Starts the thread and loads the model; settles when it answers. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

const DESCRIPTION = 'deep-encoder.json';

/**
 * The shipped transformer. Its thread starts with the first question. Its weights are int8 and the
 * ranges of activations are measured per run, so that texts run together would change each other's
 * answers: they are run one by one. Throws `BRS_DEPENDENCY_MISSING` or `BRS_MODEL_FILE`.
 */
export function openDeepModels(options: DeepModelsOptions): OpenDeepModels {
  const folder = options.folder ?? shippedModels();
  const metadata = readDescription(join(folder, DESCRIPTION));
  const { tokenizer, sentence, heads, name, dimensions } = metadata;
  if (sentence === null) throw modelFileFault(join(folder, DESCRIPTION), 'it has no sentence head');
  const thread = openOnnxThread(
    {
      model: join(folder, metadata.model),
      tokenizer: {
        kind: 'wordpiece',
        vocabulary: join(folder, tokenizer.vocabulary),
        options: tokenizer,
      },
      batchMax: 1,
    },
    options,
  );
  const classifiers = new Map<HeadTask, Classifier>();
  for (const [task, head] of Object.entries(heads)) {
    if (head.output === 'tags') continue;
    classifiers.set(task as HeadTask, threadClassifier(thread, task, head));
  }
  const tags = heads['pii'];
  return {
    encoder: threadEncoder(thread, sentence, { name, dimensions }),
    classifiers,
    pii: tags?.output === 'tags' ? threadTagger(thread, 'pii', tags) : null,
    ready: async () => {
      await thread.ask({ kind: 'describe' });
    },
    close: () => thread.close(),
  };
}

function readDescription(file: string): DeepMetadata {
  const fail = (reason: string): Error => modelFileFault(file, reason);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw fail(code === 'ENOENT' ? 'it is not there' : `it cannot be read (${code ?? 'unknown'})`);
  }
  const metadata = parseMetadata(text, deepSchema, fail);
  const windows = [metadata.sentence, ...Object.values(metadata.heads)];
  for (const part of windows) {
    if (part !== null && part.window.tokens > metadata.maxTokens - 2) {
      throw fail(`a window of ${part.window.tokens} tokens is wider than the model`);
    }
  }
  return metadata;
}
