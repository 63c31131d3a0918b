import type { Classification, Classifier, HeadTask, Understanding } from '../contract/index.ts';
import { andThen } from '../kernel/index.ts';
import type { MaybeAsync } from '../kernel/index.ts';
import { deepGistOf, gistOf } from '../signals/index.ts';
import { EvaluationProblem } from './evaluation.ts';
import type { Speed } from './evaluation.ts';

type ClassifiedTask = Exclude<HeadTask, 'output-length'>;

export interface SpeedyClassifier {
  readonly speed: Speed;
  readonly labels: readonly string[];
  readonly threshold: number | null;
  classify(text: string): MaybeAsync<Classification>;
  /** How many texts went to the deep head. */
  deepCount(): number;
}

/**
 * The classifier of a task at a speed. Tasks that protect read the whole text, others its gist.
 * Throws `EvaluationProblem` where deep models are asked for and there are none.
 */
export function openClassifier(
  task: ClassifiedTask,
  wanted: Speed,
  understanding: Understanding,
): SpeedyClassifier {
  const readsAll = task === 'attack';
  const fast = understanding.fast();
  const deep = wanted === 'static' ? undefined : understanding.deep()?.classifiers.get(task);
  if (wanted === 'deep' && deep === undefined) throw noDeep(task, understanding);
  const speed = deep === undefined ? 'static' : wanted;
  let asked = 0;
  const byDeep = (classifier: Classifier, text: string): MaybeAsync<Classification> => {
    asked++;
    return classifier.classify(readsAll ? text : deepGistOf(text));
  };
  return {
    speed,
    labels: fast.labels(task),
    threshold: fast.threshold(task),
    deepCount: () => asked,
    classify(text) {
      if (speed === 'deep') return byDeep(deep!, text);
      const found = fast.read(readsAll ? text : gistOf(text)).classify(task);
      return deep !== undefined && found.isDoubtful ? byDeep(deep, text) : found;
    },
  };
}

export interface SpeedyEncoder {
  readonly speed: Speed;
  embed(text: string): MaybeAsync<Float32Array>;
}

/** Vectors of one space are compared: of the deep encoder where it is asked for, else of the static one. */
export function openEncoder(wanted: Speed, understanding: Understanding): SpeedyEncoder {
  const deep = wanted === 'deep' ? understanding.deep()?.encoder : undefined;
  if (wanted === 'deep' && deep === undefined) throw noDeep('sentence vectors', understanding);
  if (deep !== undefined) {
    return { speed: 'deep', embed: (text) => andThen(deep.embed([text]), (vectors) => vectors) };
  }
  const { encoder } = understanding.fast();
  return { speed: 'static', embed: (text) => encoder.embedOne(text) };
}

export function noDeep(what: string, understanding: Understanding): EvaluationProblem {
  const reason = understanding.deepReason() ?? 'the installed model has no such head';
  return new EvaluationProblem(
    `--encoder deep: there is no deep model for ${what}: ${reason}; use --encoder static or auto`,
  );
}
