import { existsSync } from 'node:fs';
import { modelFileFault } from '../../encoder/index.ts';
import { moduleUrl } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { ModelThread } from './model-thread.ts';
import type { OnnxStart, TokenizerFiles } from './onnx-thread.ts';
import { requireOptionalPackage } from './optional-package.ts';

export interface OnnxTimes {
  readonly clock: Clock;
  /** How long an answer may take; the first one includes the load of the model. */
  readonly deadlineMs?: number;
  readonly queueMax?: number;
}

const DEADLINE_MS = 10_000;
const QUEUE_MAX = 256;

/** The thread of one ONNX model; the model loads with the first question. */
export function openOnnxThread(
  files: { readonly model: string; readonly tokenizer: TokenizerFiles; readonly batchMax: number },
  times: OnnxTimes,
): ModelThread {
  const runtime = requireOptionalPackage('a deep model', 'onnxruntime-node');
  const { tokenizer } = files;
  for (const file of [
    files.model,
    tokenizer.kind === 'wordpiece' ? tokenizer.vocabulary : tokenizer.path,
  ]) {
    if (!existsSync(file)) throw modelFileFault(file, 'it is not there');
  }
  const deadlineMs = times.deadlineMs ?? DEADLINE_MS;
  const start: OnnxStart = { role: 'bourse-onnx', runtime, waitMsMax: deadlineMs, ...files };
  return new ModelThread({
    entry: moduleUrl(import.meta.url, './onnx-thread'),
    workerData: start,
    clock: times.clock,
    queueMax: times.queueMax ?? QUEUE_MAX,
    deadlineMs,
  });
}
