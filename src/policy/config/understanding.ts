import type {
  HeadTask,
  OnnxClassifierFiles,
  OnnxFiles,
  UnderstandingConfig,
} from '../../contract/index.ts';
import type { UnderstandingFile } from '../schema/understanding.ts';

/** The signals of the policy file and the tasks of their classifiers. */
const TASKS: readonly (readonly [
  Exclude<keyof UnderstandingFile['classifiers'], 'pii'>,
  HeadTask,
])[] = [
  ['domain', 'domain'],
  ['complexity', 'complexity'],
  ['reasoning', 'reasoning'],
  ['jailbreak', 'attack'],
  ['feedback', 'feedback'],
  ['factCheck', 'fact-check'],
];

type Classifier = NonNullable<UnderstandingFile['classifiers']['pii']>;
type Near = (path: string) => string;

/** `near` resolves a path against the folder of the policy file. */
export function buildUnderstanding(file: UnderstandingFile, near: Near): UnderstandingConfig {
  const { deep, encoder, classifiers } = file;
  const given = TASKS.flatMap(([key, task]) => {
    const classifier = classifiers[key];
    return classifier === undefined ? [] : [[task, buildClassifier(classifier, near)] as const];
  });
  return {
    deep,
    encoder: encoder === undefined ? null : buildEncoder(encoder, near),
    classifiers: new Map(given),
    pii: classifiers.pii === undefined ? null : buildClassifier(classifiers.pii, near),
  };
}

function buildEncoder(
  encoder: NonNullable<UnderstandingFile['encoder']>,
  near: Near,
): NonNullable<UnderstandingConfig['encoder']> {
  return 'onnx' in encoder
    ? buildFiles(encoder, near)
    : { ...encoder, apiKey: encoder.apiKey ?? null };
}

function buildClassifier(classifier: Classifier, near: Near): OnnxClassifierFiles {
  return {
    ...buildFiles(classifier, near),
    labels: classifier.labels ?? null,
    threshold: classifier.threshold ?? null,
  };
}

function buildFiles(
  files: Pick<Classifier, 'onnx' | 'tokenizer' | 'maxTokens'>,
  near: Near,
): OnnxFiles {
  return {
    onnx: near(files.onnx),
    tokenizer: files.tokenizer === undefined ? null : near(files.tokenizer),
    maxTokens: files.maxTokens ?? null,
  };
}
