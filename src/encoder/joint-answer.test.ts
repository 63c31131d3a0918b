import { describe, expect, test } from 'vitest';
import type { Classification, DeepModels, FastText, HeadTask } from '../contract/index.ts';
import { tinyMemory } from './fixtures/tiny-models.ts';
import { joinedAnswer, joinedModels, jointSchema } from './joint-answer.ts';
import type { Joint, JointSource } from './joint-answer.ts';
import { LabelMemory } from './label-memory.ts';

const LABELS = ['math', 'law', 'other'];
const TWO = { labels: ['no', 'yes'], threshold: 0.4 };

const said = (probabilities: readonly number[]): Classification => ({
  label: '',
  confidence: 0,
  probabilities,
  isDoubtful: true,
});

function source(joint: Partial<Joint> | null, labels = LABELS): JointSource {
  const whole = joint === null ? null : jointSchema.parse({ ...WEIGHTS, ...joint });
  return {
    joint: (task: HeadTask) => (task === 'domain' ? whole : null),
    labels: () => labels,
    memory: () => new LabelMemory('m.safetensors', tinyMemory()),
    read: () => ({ classify: () => said([0.5, 0.3, 0.2]) }) as unknown as FastText,
  };
}

const deep: DeepModels = {
  encoder: {
    apiVersion: 1,
    name: 'deep-1',
    dimensions: 2,
    embed: async () => Float32Array.of(1, 0),
  },
  classifiers: new Map([
    ['domain', { labels: LABELS, threshold: null, classify: async () => said([0.2, 0.6, 0.2]) }],
  ]),
  pii: null,
};

const WEIGHTS = { deep: 'deep-1', fastWeight: 1, deepWeight: 2 };

function classify(fast: JointSource): Promise<Classification> {
  const classifier = joinedModels(fast, deep).classifiers.get('domain')!;
  return Promise.resolve(classifier.classify('text'));
}

describe('the joined answer', () => {
  test('is in proportion to the product of the powers', async () => {
    const found = await classify(source({}));
    const products = [0.5 * 0.2 ** 2, 0.3 * 0.6 ** 2, 0.2 * 0.2 ** 2];
    const sum = products.reduce((a, b) => a + b);
    found.probabilities.forEach((share, i) => expect(share).toBeCloseTo(products[i]! / sum, 9));
    expect(found).toMatchObject({ label: 'law', isDoubtful: false });
    expect(found.confidence).toBe(found.probabilities[1]);
  });

  test('hears the nearest examples', async () => {
    // Nearest to (1, 0) are both examples of "other".
    const found = await classify(source({ memoryWeight: 5 }));
    expect(found.label).toBe('other');
  });

  test.each([
    ['no weights', source(null)],
    ['weights for another deep model', source({ deep: 'deep-2' })],
    ['another number of labels', source({}, ['a', 'b'])],
  ])('%s: the deep answer stands alone', async (_, fast) => {
    expect(await classify(fast)).toEqual(said([0.2, 0.6, 0.2]));
  });

  test('of two labels, the offset moves the second, and the threshold decides', () => {
    const even = [[1, [0.5, 0.5]]] as const;
    expect(joinedAnswer(even, 0, TWO)).toMatchObject({ label: 'yes', confidence: 0.5 });
    const { label, probabilities } = joinedAnswer(even, -1, TWO);
    expect(label).toBe('no');
    expect(probabilities[1]).toBeCloseTo(1 / (1 + Math.E));
  });

  test('a probability of zero forbids nothing by itself', () => {
    const found = joinedAnswer(
      [
        [1, [0, 1]],
        [1, [1, 0]],
      ],
      0,
      TWO,
    );
    expect(found.probabilities[0]).toBeCloseTo(0.5);
  });
});

describe('remembered examples', () => {
  test('the nearest speak by their cosine', () => {
    const shares = new LabelMemory('m.safetensors', tinyMemory()).shares(Float32Array.of(1, 0));
    expect(shares[2]! - 0.01).toBeCloseTo(1, 3);
    expect(shares[0]).toBeCloseTo(0.01, 3);
  });

  test.each([
    ['a class without a label', tinyMemory({ classes: [0, 1, 3, 0] }), 'class without a label'],
    ['fewer examples than neighbours', tinyMemory({ neighbours: 9 }), 'fewer examples'],
    ['another kind of file', tinyMemory({ kind: 'head' }), 'kind'],
  ])('%s: is refused', (_, bytes, message) => {
    expect(() => new LabelMemory('m.safetensors', bytes)).toThrow(message);
  });
});
