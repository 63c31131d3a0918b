import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../../src/kernel/index.ts';
import type { ModelId } from '../../src/kernel/index.ts';
import type { ContextRecord, Model } from '../../src/contract/index.ts';
import { explainOnce } from '../../src/app-offline.ts';
import { openTrainedRouter } from '../../src/app-router.ts';
import { shippedUnderstanding } from '../../src/app-understanding.ts';
import { accuracyInContext, contextPrior, learnInContext } from '../../src/estimate/index.ts';
import { NO_BELIEFS } from '../../src/contract/index.ts';
import { curveAt, QualityModel, trainQuality, writeQualityModel } from '../../src/quality/index.ts';
import { madeUpTable, SKILLS } from '../../src/quality/fixtures/made-up-table.ts';
import { createFolder } from './spawned-server.ts';

const understanding = shippedUnderstanding('off');
const { encoder } = understanding.fast();
const TABLE = madeUpTable(400);
const LAW = 'Case 9: how does a tort differ from a contract?';
const MATH = 'Case 8: how does a matrix differ from a prime?';

let folder: Awaited<ReturnType<typeof createFolder>>;
let file: string;

beforeAll(async () => {
  folder = await createFolder();
  file = join(folder.path, 'router.safetensors');
  // The table does not know the model "fourth".
  const known = { ...TABLE, models: TABLE.models.filter(({ id }) => id !== 'fourth') };
  await writeFile(file, writeQualityModel(trainQuality([known], { encoder, seed: 1 })));
}, 60_000);
afterAll(() => folder.remove());

const policy = (router: string): string => `version: 1
models:
  - { id: cheap, routerName: small, price: { inputPerMTok: 0.1, outputPerMTok: 0.1 } }
  - { id: large, price: { inputPerMTok: 3, outputPerMTok: 3 } }
  - { id: fourth, price: { inputPerMTok: 3, outputPerMTok: 3 }, accuracy: { default: 0.6 } }
instances:
  - { id: a, model: cheap, engine: vllm, url: "http://127.0.0.1:9" }
  - { id: b, model: large, engine: vllm, url: "http://127.0.0.1:9" }
  - { id: c, model: fourth, engine: vllm, url: "http://127.0.0.1:9" }
understanding: { deep: off }
learning: { router: ${router} }
routes:
  - { name: able, use: { mode: accuracy, weights: { usdPerError: 0.003 } } }
`;

async function explained(router: string, text: string) {
  const configFile = join(folder.path, 'bourse.yaml');
  await writeFile(configFile, policy(router));
  const request = { messages: [{ role: 'user', content: text }] };
  const { bids, winner } = await explainOnce({ configFile, env: {}, request });
  const accuracies = Object.fromEntries(bids.map(({ model, accuracy }) => [model, accuracy!.mean]));
  return { winner, accuracies };
}

describe('a policy with a trained router', () => {
  test('sends each prompt to the cheapest model that the table found good at such', async () => {
    const law = await explained('./router.safetensors', LAW);
    const math = await explained('{ file: ./router.safetensors, questions: 50 }', MATH);
    expect(law.winner).toBe('a');
    expect(math.winner).toBe('b');
    expect(law.accuracies['cheap']).toBeGreaterThan(0.75);
    expect(math.accuracies['cheap']).toBeLessThan(0.3);
    expect(math.accuracies['large']).toBeGreaterThan(0.75);
    // A model that no table knew has its card, the more the easier the prompt is for the others.
    expect(law.accuracies['fourth']).toBeGreaterThan(math.accuracies['fourth']! + 0.1);
    expect(math.accuracies['fourth']).toBeLessThan(0.6);
  }, 60_000);

  test('starts with no file that is not there, or is no router', async () => {
    await writeFile(join(folder.path, 'notes.txt'), 'hello');
    for (const [name, reason] of [
      ['./nowhere.safetensors', 'cannot be read (ENOENT)'],
      ['./notes.txt', 'cannot be used'],
    ] as const) {
      const error = await explained(name, LAW).catch((caught: unknown) => caught);
      expect(Fault.isInstance(error) && error.code).toBe('BRS_MODEL_FILE');
      expect(String(error)).toContain(reason);
    }
  });
});

describe('a model that no table knew', () => {
  test('is placed by its verdicts as the trained model would place it by the same outcomes', async () => {
    const router = (await openTrainedRouter({ file, questions: 100 }, understanding))!;
    const column = TABLE.models.find(({ id }) => id === 'fourth')!;
    const fourth = {
      id: 'fourth' as ModelId,
      accuracy: { default: null, byDomain: new Map() },
    } as unknown as Model;
    const known = { ...TABLE, models: TABLE.models.filter(({ id }) => id !== 'fourth') };
    const model = new QualityModel(trainQuality([known], { encoder, seed: 1 }), encoder);
    let record: ContextRecord | undefined;
    const read = (prompt: string) => {
      const values = router.read(prompt, encoder.embedOne(prompt));
      const question = { domain: null, band: null };
      const prior = contextPrior(fourth, NO_BELIEFS, question, router.forecast(fourth, values));
      return { values, prior, space: router.space };
    };
    const rows = Array.from({ length: 150 }, (_, i) => i);
    for (const atMs of rows) {
      const { values, prior } = read(TABLE.prompts[atMs]!);
      const verdict = { values, prior, score: column.correct[atMs]!, weight: 1, atMs };
      const never = { halfLifeVerdicts: Infinity, halfLifeMs: Infinity };
      record = learnInContext(record, verdict, router.space, never);
    }
    const outcomes = rows.map((i) => ({
      item: model.read(TABLE.prompts[i]!),
      correct: column.correct[i]!,
    }));
    const curve = model.place(outcomes);
    let [off, law, math] = [0, 0, 0];
    for (let i = 300; i < 400; i++) {
      const prompt = TABLE.prompts[i]!;
      const context = read(prompt);
      const { mean } = accuracyInContext(record, context.prior, context);
      off += Math.abs(mean - curveAt(curve, model.read(prompt).values).mean) / 100;
      if (i % 2 === 0) law += mean / 50;
      else math += mean / 50;
    }
    expect(off).toBeLessThan(0.08);
    expect(law).toBeCloseTo(SKILLS['fourth']!.law, 0);
    expect(law - math).toBeGreaterThan(0.15);
  }, 60_000);
});
