import { readFileSync } from 'node:fs';
import { DeepReader, createWordPieceTokens, modelFileFault } from '../../encoder/index.ts';
import type { DeepHead, DeepMetadata, DeepSentence } from '../../encoder/index.ts';
import { openHuggingFaceTokens } from './huggingface-tokens.ts';
import type { LoadedTokens } from './huggingface-tokens.ts';
import { importPackage } from './optional-package.ts';
import { OnnxSession } from './onnx-session.ts';
import type { OnnxGraph, OnnxRuntime } from './onnx-session.ts';
import { answerQuestions } from './thread-answers.ts';
import type { ThreadStart } from './thread-answers.ts';

/** Marks the thread as this module's own. */
const ROLE = 'bourse-onnx';

export type TokenizerFiles =
  | {
      readonly kind: 'wordpiece';
      readonly vocabulary: string;
      readonly options: DeepMetadata['tokenizer'];
    }
  | { readonly kind: 'huggingface'; readonly path: string };

export interface OnnxStart extends ThreadStart {
  readonly role: 'bourse-onnx';
  /** URL of the module of `onnxruntime-node`. */
  readonly runtime: string;
  readonly model: string;
  readonly tokenizer: TokenizerFiles;
  readonly batchMax: number;
  readonly waitMsMax: number;
}

export type OnnxQuestion =
  | { readonly kind: 'describe' }
  | { readonly kind: 'embed'; readonly sentence: DeepSentence; readonly text: string }
  | {
      readonly kind: 'classify' | 'tag';
      readonly name: string;
      readonly head: DeepHead;
      readonly text: string;
    };

/** Answer to `describe`. */
export interface OnnxDescription {
  readonly outputs: readonly string[];
  /** Special tokens around a window. */
  readonly specialTokens: number;
}

const SEQUENCES_WAITING_MAX = 2048;

answerQuestions(ROLE, async (given) => {
  const start = given as OnnxStart;
  const { tokeniser, padId } = await openTokens(start.tokenizer);
  const runtime = await importPackage<OnnxRuntime>(start.runtime, 'InferenceSession');
  const graph = await openGraph(runtime, start.model);
  const session = new OnnxSession(runtime, graph, {
    padId,
    batchMax: start.batchMax,
    queueMax: SEQUENCES_WAITING_MAX,
    waitMsMax: start.waitMsMax,
    nowMs: () => performance.now(),
  });
  const reader = new DeepReader(tokeniser, session);
  return (asked) => {
    const question = asked as OnnxQuestion;
    if (question.kind === 'describe') {
      const specialTokens = tokeniser.before.length + tokeniser.after.length;
      return { outputs: graph.outputNames, specialTokens } satisfies OnnxDescription;
    }
    if (question.kind === 'embed') return reader.embed(question.sentence, question.text);
    const { name, head, text } = question;
    return question.kind === 'classify'
      ? reader.classify(name, head, text)
      : reader.tag(name, head, text);
  };
});

/** One thread: the event loop's core is not the model's. */
async function openGraph(runtime: OnnxRuntime, model: string): Promise<OnnxGraph> {
  try {
    return await runtime.InferenceSession.create(model, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw modelFileFault(
      model,
      error instanceof Error ? firstLine(error.message) : 'it does not load',
    );
  }
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!.slice(0, 300);

async function openTokens(files: TokenizerFiles): Promise<LoadedTokens> {
  if (files.kind === 'huggingface') return openHuggingFaceTokens(files.path);
  const { vocabulary, options } = files;
  const pieces = readFileSync(vocabulary, 'utf8').replace(/\n$/, '').split('\n');
  try {
    const padId = Math.max(0, pieces.indexOf('[PAD]'));
    return { tokeniser: createWordPieceTokens({ pieces, ...options }), padId };
  } catch (error) {
    if (error instanceof RangeError) throw modelFileFault(vocabulary, error.message);
    throw error;
  }
}
