import { describe, expect, test } from 'vitest';
import { crossValidateIntents } from './cross-validate.ts';
import { wordModels } from './fixtures/word-models.ts';
import { EvaluationProblem, RecordProblem, Stopwatch, evaluate, parseRecords } from './index.ts';
import type { EvaluationReport, EvaluationTask, Speed } from './index.ts';

type Row = Readonly<Record<string, unknown>>;

const records = (rows: readonly Row[]) =>
  parseRecords('data.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));

interface Given {
  readonly support?: readonly Row[];
  readonly speed?: Speed;
  readonly hasDeep?: boolean;
}

function score(
  task: EvaluationTask,
  rows: readonly Row[],
  { support, speed = 'auto', hasDeep = false }: Given = {},
): Promise<EvaluationReport> {
  let now = 0;
  return evaluate(task, {
    records: records(rows),
    support: support === undefined ? null : records(support),
    speed,
    understanding: wordModels(hasDeep),
    stopwatch: new Stopwatch(
      () => (now += 0.5),
      () => undefined,
    ),
  });
}

describe('tasks', () => {
  test('sts: rank correlation of cosines with what people say', async () => {
    const report = await score('sts', [
      { a: 'red car', b: 'red car', score: 5 },
      { a: 'red car', b: 'red bus', score: 3 },
      { a: 'red car', b: 'old hut', score: 0 },
    ]);
    expect(report).toMatchObject({ task: 'sts', n: 3, encoder: 'static' });
    expect(report.metrics['spearman']).toBeCloseTo(1, 9);
    expect(report.baselines['wordOverlap']!['spearman']).toBeCloseTo(1, 9);
    expect(report.microsPerItem).toEqual({ p50: 500, p99: 500 });
  });

  test('domain: accuracy, and the calibration error of the confidence', async () => {
    const { metrics, baselines } = await score('domain', [
      { text: 'the sum', label: 'math' },
      { text: 'a contract', label: 'law' },
      { text: 'a tort', label: 'math' },
    ]);
    expect(metrics['accuracy']).toBeCloseTo(2 / 3, 9);
    // One answer of confidence .9 is right, two of .8 are right half the time.
    expect(metrics['ece']).toBeCloseTo((0.1 + 2 * 0.3) / 3, 9);
    expect(baselines['majority']!['accuracy']).toBeCloseTo(2 / 3, 9);
  });

  test('auto asks the deep head where the fast one is in doubt, and says how often', async () => {
    const rows = [
      { text: 'the sum', label: 'math' },
      { text: 'the sum?', label: 'law' },
    ];
    const auto = await score('domain', rows, { hasDeep: true });
    expect(auto).toMatchObject({ encoder: 'auto', metrics: { accuracy: 1, deepShare: 0.5 } });
    const deep = await score('domain', rows, { hasDeep: true, speed: 'deep' });
    expect(deep).toMatchObject({ encoder: 'deep', metrics: { accuracy: 0.5, deepShare: 1 } });
    const fast = await score('domain', rows, { hasDeep: true, speed: 'static' });
    expect(fast).toMatchObject({ encoder: 'static', metrics: { accuracy: 0.5, deepShare: 0 } });
  });

  test('without deep models auto is static, and deep is refused with the reason', async () => {
    const rows = [{ text: 'the sum?', label: 'math' }];
    expect((await score('domain', rows)).encoder).toBe('static');
    await expect(score('domain', rows, { speed: 'deep' })).rejects.toThrow(
      /domain: it is not installed; use --encoder/,
    );
  });

  test('intent: over what has an intent; out of scope at 5 % loss where oos occurs', async () => {
    const support = ['pay my bill', 'bill payment please', 'settle the bill now']
      .map((text) => ({ text, label: 'bill' }))
      .concat(
        ['play some music', 'music please', 'put on music now'].map((text) => ({
          text,
          label: 'music',
        })),
        [{ text: 'never learned', label: 'oos' }],
      );
    const { metrics } = await score(
      'intent',
      [
        { text: 'pay the bill', label: 'bill' },
        { text: 'play music', label: 'music' },
        { text: 'zebra crossing quantum', label: 'oos' },
      ],
      { support },
    );
    expect(metrics).toMatchObject({ accuracy: 1, oosRecall: 1 });
    await expect(score('intent', [{ text: 'a', label: 'b' }])).rejects.toThrow(EvaluationProblem);
  });

  test('complexity: by solve_rate, or the mean over models', async () => {
    const { metrics, baselines } = await score('complexity', [
      { prompt: 'prove it', solve_rate: 0.1, category: 'x' },
      { prompt: 'add it', solve_rate: 0.9, category: 'x' },
      { prompt: 'prove that', correct: { a: 0, b: 0, c: 1 }, category: 'y' },
      { prompt: 'count', correct: { a: 1, b: 1 }, category: 'y' },
    ]);
    expect(metrics).toMatchObject({ auc: 1, accuracy: 1 });
    expect(Object.keys(baselines)).toEqual(['majority', 'length', 'categoryMean']);
  });

  test('guard: a file of one class leaves undefined what needs both', async () => {
    const both = await score('guard', [
      { text: 'ignore all', label: 1 },
      { text: 'bake a cake', label: 0 },
    ]);
    expect(both.metrics).toMatchObject({ auc: 1, recallAtFpr1: 1, accuracy: 1, flaggedRatio: 0.5 });
    const benign = await score('guard', [{ text: 'ignore the noise', label: 0 }]);
    expect(benign.metrics).toMatchObject({
      auc: null,
      recallAtFpr1: null,
      accuracy: 0,
      flaggedRatio: 1,
    });
  });

  test('pii: spans by type; offsets count code points; unknown types are left out', async () => {
    const span = (entity_type: string, start_position: number, end_position: number): Row => ({
      entity_type,
      start_position,
      end_position,
    });
    const { metrics } = await score('pii', [
      { full_text: '😀 Ada met Bob', spans: [span('PERSON', 2, 5), span('PLANET', 6, 9)] },
      { full_text: 'write to x@y.org', spans: [span('EMAIL_ADDRESS', 9, 16)] },
    ]);
    expect(metrics).toMatchObject({ precision: 0.5, recall: 0.5, f2: 0.5 });
  });

  test('language: by the signal', async () => {
    const { metrics } = await score('language', [
      { text: 'Wie viele Einwohner hat die Stadt heute?', lang: 'de' },
      { text: '東京の人口はどのくらいですか', lang: 'ja' },
    ]);
    expect(metrics['accuracy']).toBe(1);
  });

  test('tools: among the first five', async () => {
    const support = Array.from({ length: 9 }, (_, i) => ({
      tool: `tool${i}`,
      description: `does thing${i} well`,
    }));
    const { metrics, baselines } = await score(
      'tools',
      [
        { Query: 'do thing3 for me', Tool: 'tool3' },
        { Query: 'anything', Tool: 'absent' },
      ],
      { support },
    );
    expect(metrics).toMatchObject({ recallAt5: 0.5, recallAt1: 0.5 });
    expect(baselines['random']!['recallAt5']).toBeCloseTo(5 / 9, 9);
  });

  test('length: error of the median, coverage of the 90th percentile', async () => {
    const { metrics } = await score('length', [
      { prompt: 'a', out_chars: { x: 200, y: 200, z: 9000, none: 0 } },
      { user_query: 'b', chatgpt_response: 'w'.repeat(4000) },
    ]);
    expect(metrics['mape']).toBeCloseTo((1 + 0.9) / 2, 9);
    expect(metrics['p90Coverage']).toBe(0.5);
  });

  test('compression: short records are put together, long ones taken as they are', async () => {
    const sentence = 'The contract says what the parties owe each other. ';
    const rows = Array.from({ length: 40 }, () => ({ text: sentence.repeat(20) }));
    const { n, metrics } = await score('compression', [...rows, { text: sentence.repeat(900) }]);
    expect(n).toBe(2);
    expect(metrics).toMatchObject({ agreement: 1, agreementInOnePass: 1, millisPerItem: 0.5 });
    expect(metrics['keptRatio']).toBeLessThan(0.5);
  });
});

describe('bad records', () => {
  test('are named by line and column', async () => {
    const parse = (content: string) => () => parseRecords('f.jsonl', content);
    expect(parse('{"a": 1}\n\n{"a": oops}')).toThrow(/^f\.jsonl:3:7: the line is not JSON/);
    expect(parse('{"é": "ü", x}')).toThrow(/^f\.jsonl:1:12: /);
    expect(parse('[1]')).toThrow(/^f\.jsonl:1:1: the line must be a JSON object/);
    expect(parse('\n')).toThrow(RecordProblem);
    await expect(score('domain', [{ text: 5, label: 'law' }])).rejects.toThrow(
      /^data\.jsonl:1:2: "text" or "prompt" must be a text/,
    );
    await expect(score('sts', [{ a: 'x', b: 'y' }])).rejects.toThrow(
      /:1:1: "score" must be a number/,
    );
    await expect(score('pii', [{ full_text: 'x', spans: [{}] }])).rejects.toThrow(/1:18: a span/);
    await expect(score('complexity', [{ prompt: 'x' }])).rejects.toThrow(/"solve_rate", or/);
    await expect(score('length', [{ prompt: 'x' }])).rejects.toThrow(/"out_chars" by model/);
  });
});

describe('cross-validation of intents', () => {
  const { encoder } = wordModels().fast();
  const text = (words: string, label: string) => ({
    text: words,
    label,
    vector: encoder.embedOne(words),
  });
  const own = ['pay bill', 'bill due', 'settle bill', 'play music', 'louder music', 'stop music'];
  const texts = own.map((words, i) => text(words, i < 3 ? 'bill' : 'music'));

  test('judges each text by an index that has not seen it', () => {
    const result = crossValidateIntents([...texts, text('zebra crossing', 'oos')]);
    expect(result).toMatchObject({ intents: 2, examples: 6, folds: 3 });
    expect(result.metrics['accuracy']).toBe(1);
    expect(result.metrics['oosRecall']).toBe(1);
    expect(result.inScopeMin).toBeGreaterThan(0);
  });

  test('an intent with one text alone is refused by name', () => {
    expect(() => crossValidateIntents([...texts, text('hello', 'greeting')])).toThrow(
      /the intent "greeting" has one text/,
    );
  });
});
