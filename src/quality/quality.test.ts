import { describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import { SKILLS, madeUpTable, wordEncoder } from './fixtures/made-up-table.ts';
import type { PromptItem } from './index.ts';
import {
  QualityModel,
  curveAt,
  foldsOf,
  promptText,
  readQualityModel,
  selectRows,
  trainQuality,
  writeQualityModel,
} from './index.ts';

const LAW = 'Case 7: how does a court differ from a verdict?';
const MATH = 'Case 8: how does a prime differ from a root?';

const parts = trainQuality([madeUpTable(240)], { encoder: wordEncoder, seed: 1 });
const model = new QualityModel(parts, wordEncoder);
const fresh = madeUpTable(80, 9).prompts;

/** The mean over prompts of a subject that it has not learned from. */
function meanOf(subject: 'law' | 'math', value: (item: PromptItem) => number): number {
  const own = fresh.filter((_, i) => (i % 2 === 0) === (subject === 'law'));
  return own.reduce((sum, prompt) => sum + value(model.read(prompt)), 0) / own.length;
}

describe('a trained router', () => {
  test.each(Object.entries(SKILLS))('foretells how good "%s" is by subject', (id, skill) => {
    for (const subject of ['law', 'math'] as const) {
      const own = meanOf(subject, (item) => model.forecast(model.find(id)!, item).accuracy.mean);
      expect(Math.abs(own - skill[subject])).toBeLessThan(0.12);
    }
  });

  test('foretells cost and output tokens', () => {
    const large = model.find('large')!;
    const cost = (item: PromptItem): number => model.forecast(large, item).costUsd!.mean;
    expect(meanOf('math', cost)).toBeCloseTo(0.004, 3);
    expect(meanOf('law', cost)).toBeCloseTo(0.002, 3);
    expect(meanOf('law', (item) => model.forecast(large, item).outputTokens!.mean)).toBeCloseTo(
      50,
      0,
    );
    expect(model.forecast(large, model.read(LAW)).costUsd!.deviation).toBeGreaterThan(0);
  });

  test('knows less of a model that it has seen less of', () => {
    const table = madeUpTable(240);
    const [first, ...rest] = table.models;
    const scarce = first!.correct.map((value, i) => (i < 30 ? value : Number.NaN));
    const models = [{ ...first!, correct: scarce }, ...rest];
    const own = new QualityModel(
      trainQuality([{ ...table, models }], { encoder: wordEncoder, seed: 1 }),
      wordEncoder,
    );
    const deviation = (of: QualityModel): number =>
      of.forecast(of.find(first!.id)!, of.read(LAW)).accuracy.deviation;
    expect(deviation(own)).toBeGreaterThan(1.3 * deviation(model));
  });

  test('joins a model that stands in several tables, and costs that nobody gave stay unknown', () => {
    const [a, b] = [madeUpTable(60, 2), madeUpTable(60, 3)];
    const unknown = new Float64Array(60).fill(Number.NaN);
    const free = b.models.map((column) => ({
      ...column,
      costUsd: unknown,
      outputCharacters: unknown,
    }));
    const onlySmall = { ...b, models: [free[0]!, { ...free[1]!, id: 'new' }] };
    const own = new QualityModel(
      trainQuality([a, onlySmall], { encoder: wordEncoder, seed: 1 }),
      wordEncoder,
    );
    expect(own.models.map(({ id }) => id)).toEqual(['small', 'large', 'other', 'fourth', 'new']);
    const forecast = own.forecast(own.find('new')!, own.read(LAW));
    expect(forecast).toMatchObject({ costUsd: null, outputTokens: null });
    expect(own.find('nobody')).toBeNull();
  });

  test('places a model that no table knew by its outcomes', () => {
    const table = madeUpTable(160, 5);
    const column = table.models.find(({ id }) => id === 'small')!;
    const outcomes = table.prompts.map((prompt, i) => ({
      item: model.read(prompt),
      correct: column.correct[i]!,
    }));
    const at = (curve: Parameters<typeof curveAt>[0], prompt: string) =>
      curveAt(curve, model.read(prompt).values);
    const placed = model.place(outcomes);
    expect(at(placed, LAW).mean).toBeGreaterThan(0.7);
    expect(at(placed, MATH).mean).toBeLessThan(0.3);
    expect(at(model.place([]), LAW).deviation).toBeGreaterThan(1.5 * at(placed, LAW).deviation);
  });

  test('the same tables and seed give the same file, another seed another', () => {
    const bytes = (seed: number): Buffer =>
      Buffer.from(
        writeQualityModel(trainQuality([madeUpTable(60)], { encoder: wordEncoder, seed })),
      );
    const first = bytes(1);
    expect(bytes(1).equals(first)).toBe(true);
    expect(bytes(2).equals(first)).toBe(false);
  });

  test('takes a vector that is at hand in place of its own', () => {
    let calls = 0;
    const counting = {
      ...wordEncoder,
      embedOne: (text: string) => {
        calls++;
        return wordEncoder.embedOne(text);
      },
    };
    const own = new QualityModel(parts, counting);
    const given = own.read(LAW, wordEncoder.embedOne(LAW));
    expect(calls).toBe(0);
    expect(given).toEqual(own.read(LAW));
  });
});

describe('its file', () => {
  const bytes = writeQualityModel(parts);

  test('gives back the same forecasts', () => {
    const read = readQualityModel('router.safetensors', bytes, wordEncoder);
    for (const { id } of model.models) {
      const [own, other] = [model, read].map((one) => one.forecast(one.find(id)!, one.read(MATH)));
      expect(other!.accuracy.mean).toBeCloseTo(own!.accuracy.mean, 5);
      expect(other!.accuracy.deviation).toBeCloseTo(own!.accuracy.deviation, 5);
      expect(other!.costUsd!.mean).toBeCloseTo(own!.costUsd!.mean, 5);
    }
  });

  test.each([
    ['another encoder', bytes, { ...wordEncoder, name: 'another' }, 'trained on words-in-buckets'],
    ['a cut file', bytes.subarray(0, bytes.length - 9), wordEncoder, 'it is cut'],
    ['no file of ours', new Uint8Array(20).fill(0x41), wordEncoder, 'its header does not fit'],
  ])('%s is refused', (_, given, encoder, reason) => {
    const read = (): unknown => readQualityModel('router.safetensors', given, encoder);
    expect(read).toThrow(Fault);
    expect(read).toThrow(reason);
  });
});

describe('prompts', () => {
  test('of RouterBench are lists of Python', () => {
    expect(promptText(`['It\\'s "so"\\nA) yes']`)).toBe(`It's "so"\nA) yes`);
    expect(promptText(`["It's\\\\so"]`)).toBe(`It's\\so`);
    expect(promptText('[1, 2] is a list')).toBe('[1, 2] is a list');
  });

  test('of one question share a fold, whatever their options', () => {
    const questions = Array.from({ length: 50 }, (_, i) => `What is number ${i}?`);
    const folds = foldsOf(
      [...questions, ...questions.map((q) => `${q.toUpperCase()}\nA. 1`)],
      5,
      3,
    );
    expect([...folds.subarray(0, 50)]).toEqual([...folds.subarray(50)]);
    expect(new Set(folds).size).toBe(5);
  });

  test('that begin with the same examples are told apart by what comes behind them', () => {
    const start = 'Here are worked examples that say nothing of the question itself. '.repeat(8);
    const table = madeUpTable(120);
    const long = { ...table, prompts: table.prompts.map((prompt) => start + prompt) };
    const own = trainQuality([long], { encoder: wordEncoder, seed: 1 });
    expect(own.templates).toHaveLength(1);
    expect(start.startsWith(own.templates[0]!.trimEnd().slice(0, start.length))).toBe(true);
    const read = new QualityModel(own, wordEncoder);
    const chance = (prompt: string): number =>
      read.forecast(read.find('small')!, read.read(start + prompt)).accuracy.mean;
    expect(chance(LAW) - chance(MATH)).toBeGreaterThan(0.4);
  });

  test('without a word are read too', () => {
    for (const prompt of ['', '   ', '\u0000', '???', 'x'.repeat(100_000)]) {
      const { accuracy: own } = model.forecast(model.find('small')!, model.read(prompt));
      expect(own.mean).toBeGreaterThan(0);
      expect(own.mean).toBeLessThan(1);
    }
  });
});

test('a table of some rows', () => {
  const table = selectRows(madeUpTable(6), [4, 1]);
  expect(table.labels).toEqual([['category=law'], ['category=math']]);
  expect(table.models[0]!.correct).toHaveLength(2);
});
