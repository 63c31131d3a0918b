import { z } from 'zod';
import type {
  Classification,
  Classifier,
  DeepModels,
  FastText,
  HeadTask,
} from '../contract/index.ts';
import type { LabelMemory } from './label-memory.ts';

/** How the answers of a fast head, of one deep model and of remembered examples become one. */
export const jointSchema = z.object({
  /** The deep model that the weights were fitted with. */
  deep: z.string().min(1),
  fastWeight: z.number().min(0),
  deepWeight: z.number().min(0),
  /** Of what the nearest examples by the deep model's vectors say; 0 where none are remembered. */
  memoryWeight: z.number().min(0).default(0),
  /** Added to the second of two labels, in logits. */
  offset: z.number().default(0),
});

export type Joint = z.infer<typeof jointSchema>;

/** What joining needs of the fast models. */
export interface JointSource {
  joint(task: HeadTask): Joint | null;
  /** Throws `BRS_MODEL_FILE` where none ships. */
  memory(task: HeadTask): LabelMemory;
  labels(task: HeadTask): readonly string[];
  read(text: string): FastText;
}

const PROBABILITY_MIN = 1e-6;

/** The deep models, each classifier joined with the fast head of its task where that head was fitted with it. */
export function joinedModels<T extends DeepModels>(fast: JointSource, deep: T): T {
  const classifiers = new Map<HeadTask, Classifier>();
  for (const [task, classifier] of deep.classifiers) {
    classifiers.set(task, joinedClassifier(fast, task, deep, classifier));
  }
  return { ...deep, classifiers };
}

function joinedClassifier(
  fast: JointSource,
  task: HeadTask,
  { encoder }: DeepModels,
  deep: Classifier,
): Classifier {
  const joint = fast.joint(task);
  if (joint === null || joint.deep !== encoder.name || task === 'output-length') return deep;
  if (fast.labels(task).length !== deep.labels.length) return deep;
  return {
    labels: deep.labels,
    threshold: deep.threshold,
    async classify(text) {
      const [found, vector] = await Promise.all([
        deep.classify(text),
        joint.memoryWeight > 0 ? encoder.embed([text]) : null,
      ]);
      const voices: Voice[] = [
        [joint.fastWeight, fast.read(text).classify(task).probabilities],
        [joint.deepWeight, found.probabilities],
      ];
      if (vector !== null) voices.push([joint.memoryWeight, fast.memory(task).shares(vector)]);
      return joinedAnswer(voices, joint.offset, deep);
    },
  };
}

/** A weight, and the probability of each label. */
export type Voice = readonly [weight: number, probabilities: readonly number[]];

/** P(label) in proportion to the product of the voices' probabilities, each to the power of its weight. */
export function joinedAnswer(
  voices: readonly Voice[],
  offset: number,
  { labels, threshold }: Pick<Classifier, 'labels' | 'threshold'>,
): Classification {
  const scores = labels.map((_, i) =>
    voices.reduce(
      (sum, [weight, probabilities]) =>
        sum + weight * Math.log(Math.max(PROBABILITY_MIN, probabilities[i]!)),
      0,
    ),
  );
  if (labels.length === 2) scores[1]! += offset;
  const top = Math.max(...scores);
  const shares = scores.map((score) => Math.exp(score - top));
  const sum = shares.reduce((a, b) => a + b, 0);
  const probabilities = shares.map((share) => share / sum);
  const isSecond = labels.length === 2 && probabilities[1]! >= (threshold ?? 0.5);
  const best =
    labels.length === 2 ? Number(isSecond) : probabilities.indexOf(Math.max(...probabilities));
  return {
    label: labels[best]!,
    confidence: probabilities[best]!,
    probabilities,
    isDoubtful: false,
  };
}
