import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Classifier, Encoder, SpanTagger } from '../../contract/index.ts';
import { modelFileFault } from '../../encoder/index.ts';
import type { DeepHead, DeepSentence } from '../../encoder/index.ts';
import { readJson } from './huggingface-tokens.ts';
import type { ModelThread } from './model-thread.ts';
import { openOnnxThread } from './onnx-model.ts';
import type { OnnxTimes } from './onnx-model.ts';
import { threadClassifier, threadEncoder, threadTagger } from './onnx-ports.ts';
import type { OnnxDescription } from './onnx-thread.ts';

export interface OnnxFiles extends OnnxTimes {
  readonly onnx: string;
  /** Unset: `tokenizer.json` beside the model, or one folder up. */
  readonly tokenizer?: string;
  /** Unset: what config.json says, else 512. */
  readonly maxTokens?: number;
}

export interface OnnxClassifierFiles extends OnnxFiles {
  /** Unset: `id2label` of config.json. */
  readonly labels?: readonly string[];
  readonly threshold?: number;
}

interface Closing {
  close(): Promise<void>;
}

interface Opened {
  readonly thread: ModelThread;
  readonly config: ModelConfig;
  readonly outputs: readonly string[];
  /** Tokens of the text in one window, and from one window's start to the next. */
  readonly tokens: number;
  readonly stride: number;
}

const configSchema = z.looseObject({
  id2label: z.record(z.string(), z.string()).optional(),
  max_position_embeddings: z.int().positive().optional(),
  model_type: z.string().optional(),
});
type ModelConfig = z.infer<typeof configSchema>;

const poolingSchema = z.looseObject({ pooling_mode_cls_token: z.boolean().optional() });

const MAX_TOKENS = 512;
/** Positions of the RoBERTa family begin behind its padding. */
const OFFSET_POSITIONS = new Set(['roberta', 'xlm-roberta', 'camembert', 'mpnet']);
const BATCH_MAX = 8;

/** A sentence encoder in ONNX: a vector per text, or one per token to be averaged. */
export async function openOnnxEncoder(files: OnnxFiles): Promise<Encoder & Closing> {
  const opened = await open(files);
  return orClose(opened, async () => {
    const { thread, outputs, tokens, stride } = opened;
    const whole = outputs.find((name) =>
      ['sentence_embedding', 'sentence', 'pooled'].includes(name),
    );
    const sentence: DeepSentence = {
      output: whole ?? outputs[0]!,
      pooling: whole !== undefined ? 'none' : poolsFirst(files.onnx) ? 'first' : 'rows',
      window: { tokens, stride, aggregate: 'mean' },
    };
    const trial = (await thread.ask({ kind: 'embed', sentence, text: 'a trial' })) as Float32Array;
    const named = {
      name: `onnx ${basename(files.onnx)} ${trial.length}`,
      dimensions: trial.length,
    };
    return { ...threadEncoder(thread, sentence, named), close: () => thread.close() };
  });
}

/** A sequence classifier in ONNX: logits per label, or one logit for the second of two. */
export async function openOnnxClassifier(
  files: OnnxClassifierFiles,
): Promise<Classifier & Closing> {
  const opened = await open(files);
  return orClose(opened, async () => {
    const { thread } = opened;
    const softmax = headOf(files, opened, 'softmax');
    const classifier = threadClassifier(thread, 'classifier', softmax);
    const trial = await classifier.classify('a trial');
    const isSingle = softmax.labels.length === 2 && trial.probabilities.length === 1;
    if (!isSingle) checkCount(files.onnx, trial.probabilities.length, softmax.labels.length);
    const head = isSingle ? headOf(files, opened, 'sigmoid') : softmax;
    return { ...threadClassifier(thread, 'classifier', head), close: () => thread.close() };
  });
}

/** A token classifier in ONNX, with labels such as `B-PER`, `I-PER` and `O`. */
export async function openOnnxTagger(files: OnnxClassifierFiles): Promise<SpanTagger & Closing> {
  const opened = await open(files);
  return orClose(opened, async () => {
    const { thread } = opened;
    const tagger = threadTagger(thread, 'tagger', headOf(files, opened, 'tags'));
    await tagger.tag('a trial');
    return { ...tagger, close: () => thread.close() };
  });
}

async function open(files: OnnxFiles): Promise<Opened> {
  const folder = dirname(files.onnx);
  const tokenizer = files.tokenizer ?? beside(folder, 'tokenizer.json');
  if (tokenizer === null) throw modelFileFault(files.onnx, 'there is no tokenizer.json beside it');
  const configPath = beside(folder, 'config.json');
  const config = configPath === null ? {} : readJson(configPath, configSchema);
  const thread = openOnnxThread(
    {
      model: files.onnx,
      tokenizer: { kind: 'huggingface', path: tokenizer },
      batchMax: BATCH_MAX,
    },
    files,
  );
  return orClose({ thread }, async () => {
    const { outputs, specialTokens } = (await thread.ask({ kind: 'describe' })) as OnnxDescription;
    const tokens = (files.maxTokens ?? positionsOf(config)) - specialTokens;
    if (tokens < 2) throw modelFileFault(files.onnx, 'maxTokens leaves no room for text');
    return { thread, config, outputs, tokens, stride: Math.ceil((tokens * 3) / 4) };
  });
}

/** What fails after the thread has started ends it. */
async function orClose<T>(
  { thread }: { readonly thread: ModelThread },
  go: () => Promise<T>,
): Promise<T> {
  try {
    return await go();
  } catch (error) {
    await thread.close();
    throw error;
  }
}

function headOf(
  files: OnnxClassifierFiles,
  { config, outputs, tokens, stride }: Opened,
  output: DeepHead['output'],
): DeepHead {
  const labels = files.labels ?? labelsOf(config);
  if (labels === null) {
    throw modelFileFault(files.onnx, 'its labels are not known: give labels, or a config.json');
  }
  const isDetector = files.threshold !== undefined && labels.length === 2;
  const aggregate = output === 'tags' ? 'centre' : isDetector ? 'max' : 'mean';
  return {
    from: outputs.includes('logits') ? 'logits' : outputs[0]!,
    labels: [...labels],
    output,
    window: { tokens, stride, aggregate },
    calibration: { kind: 'temperature', temperature: 1 },
    threshold: files.threshold ?? null,
    band: null,
  };
}

function labelsOf({ id2label }: ModelConfig): readonly string[] | null {
  if (id2label === undefined) return null;
  const labels = Object.entries(id2label).toSorted(([a], [b]) => Number(a) - Number(b));
  return labels.map(([, label]) => label);
}

function checkCount(onnx: string, found: number, labels: number): void {
  if (found === labels) return;
  throw modelFileFault(onnx, `it has ${found} outputs where ${labels} labels are given`);
}

const positionsOf = (config: ModelConfig): number =>
  (config.max_position_embeddings ?? MAX_TOKENS) -
  (OFFSET_POSITIONS.has(config.model_type ?? '') ? 2 : 0);

/** Exports put the graph in a folder `onnx` below the files that describe it. */
function beside(folder: string, name: string): string | null {
  const places = [join(folder, name), join(dirname(folder), name)];
  return places.find((place) => existsSync(place)) ?? null;
}

/** Sentence-transformers says beside the model how its token vectors become one. */
function poolsFirst(onnx: string): boolean {
  const file = beside(dirname(onnx), join('1_Pooling', 'config.json'));
  return file !== null && readJson(file, poolingSchema).pooling_mode_cls_token === true;
}
