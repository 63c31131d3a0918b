import { createSystemClock, fault } from './kernel/index.ts';
import type { Clock } from './kernel/index.ts';
import type {
  Classifier,
  DeepModels,
  Encoder,
  HeadTask,
  LongScans,
  OnnxClassifierFiles,
  OnnxFiles,
  OwnModels,
  Understanding,
  UnderstandingConfig,
} from './contract/index.ts';
import { createFastModels, joinedModels } from './encoder/index.ts';
import type { ShippedModels } from './encoder/index.ts';
import {
  findOptionalPackage,
  openDeepModels,
  openEndpointEncoder,
  openLongScans,
  openModelFiles,
  openOnnxClassifier,
  openOnnxEncoder,
  openOnnxTagger,
} from './pool/index.ts';

/** The package that runs the deep models. */
const RUNTIME = 'onnxruntime-node';
/** A doubt of a request that takes longer to settle stays: the fast answer stands. */
const SERVING_DEADLINE_MS = 4000;
/** Who scores a model waits for it, and for its load. */
const PATIENT_DEADLINE_MS = 60_000;
const FEATURE = 'understanding.deep: required';

export const NO_OWN_MODELS: OwnModels = { encoder: null, classifiers: new Map(), pii: null };

/** The shipped models. Each is opened when first asked for, and stays. */
export function shippedUnderstanding(
  wanted: UnderstandingConfig['deep'] = 'auto',
  own: OwnModels = NO_OWN_MODELS,
  deadlineMs = PATIENT_DEADLINE_MS,
): Understanding {
  const clock = createSystemClock();
  const reason = reasonAgainstDeep(wanted);
  let fast: ShippedModels | null = null;
  let deep: DeepModels | null = null;
  let scans: LongScans | null = null;
  const openFast = (): ShippedModels => (fast ??= createFastModels(openModelFiles()));
  const openDeep = (): DeepModels =>
    (deep ??= joinedModels(openFast(), openDeepModels({ clock, deadlineMs })));
  return {
    fast: openFast,
    deep: () => (reason === null ? openDeep() : null),
    deepReason: () => reason,
    own,
    scans: () => (scans ??= openLongScans({ clock })),
  };
}

function reasonAgainstDeep(wanted: UnderstandingConfig['deep']): string | null {
  if (wanted === 'off') return 'understanding.deep is off';
  return findOptionalPackage(RUNTIME) === null ? `${RUNTIME} is not installed` : null;
}

/**
 * The models that a policy names and the shipped ones. Who only compiles policies (`isServing` false)
 * opens the operator's models to learn their labels, and closes them again. Rejects with
 * `BRS_DEPENDENCY_MISSING` or `BRS_MODEL_FILE`.
 */
export async function openUnderstanding(
  config: UnderstandingConfig,
  isServing = true,
): Promise<Understanding> {
  if (config.deep === 'required' && findOptionalPackage(RUNTIME) === null) {
    throw fault('BRS_DEPENDENCY_MISSING', { feature: FEATURE, package: RUNTIME });
  }
  const own = await openOwnModels(config, isServing);
  return shippedUnderstanding(config.deep, own, SERVING_DEADLINE_MS);
}

async function openOwnModels(config: UnderstandingConfig, isServing: boolean): Promise<OwnModels> {
  const clock = createSystemClock();
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(model: T): T => {
    opened.push(model);
    return model;
  };
  const encoder = config.encoder === null ? null : keep(await openEncoder(config.encoder, clock));
  const classifiers = new Map<HeadTask, Classifier>();
  for (const [task, files] of config.classifiers) {
    classifiers.set(task, keep(await openOnnxClassifier(givenOf(files, clock))));
  }
  const pii = config.pii === null ? null : keep(await openOnnxTagger(givenOf(config.pii, clock)));
  if (!isServing) await Promise.all(opened.map(async (model) => model.close()));
  return { encoder, classifiers, pii };
}

type Open<T> = T & { close(): Promise<void> };

async function openEncoder(
  encoder: NonNullable<UnderstandingConfig['encoder']>,
  clock: Clock,
): Promise<Open<Encoder>> {
  return 'onnx' in encoder
    ? openOnnxEncoder(filesOf(encoder, clock))
    : openEndpointEncoder({ ...encoder });
}

function filesOf({ onnx, tokenizer, maxTokens }: OnnxFiles, clock: Clock) {
  return {
    clock,
    onnx,
    ...(tokenizer !== null && { tokenizer }),
    ...(maxTokens !== null && { maxTokens }),
  };
}

function givenOf(files: OnnxClassifierFiles, clock: Clock) {
  const { labels, threshold } = files;
  return {
    ...filesOf(files, clock),
    ...(labels !== null && { labels }),
    ...(threshold !== null && { threshold }),
  };
}
