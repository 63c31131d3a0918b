/** Tables of outcomes as streams of requests: what the market would read of each, and what each model makes of it at what price. */
import { shippedUnderstanding } from '../../src/app-understanding.ts';
import { createRng, createVirtualClock } from '../../src/kernel/index.ts';
import type { ModelId } from '../../src/kernel/index.ts';
import { NO_BELIEFS } from '../../src/contract/index.ts';
import type { Beliefs, LearningConfig, Model, RequestContext } from '../../src/contract/index.ts';
import type { Topic, Verdict, Workload } from '../../src/contract/index.ts';
import { contextPrior, packContext } from '../../src/estimate/index.ts';
import { createLearners } from '../../src/learning/index.ts';
import { createContextReader, gistOf, SHIPPED_SPACE } from '../../src/signals/index.ts';
import { loadTable } from '../router/tables.ts';
import type { TableName } from '../router/tables.ts';

export interface Request {
  readonly topic: Topic;
  readonly context: RequestContext;
  readonly vector: Float32Array;
  readonly category: string;
}

/** One model of the stage, by request: how right it is, and what it costs in USD. */
export interface Column {
  readonly model: Model;
  readonly correct: readonly number[];
  readonly costUsd: readonly number[];
}

export interface Stage {
  readonly name: string;
  readonly requests: readonly Request[];
  readonly columns: readonly Column[];
}

/** List prices of about 2024, in USD per million tokens of prompt and answer; RouterBench has costs of its own. */
const PRICES: Readonly<Record<string, readonly [input: number, output: number]>> = {
  'Meta-Llama-3_1-8B-Instruct': [0.06, 0.06],
  'Mixtral-8x7B-Instruct-v0.1': [0.5, 0.5],
  'Qwen1.5-72B-Chat': [0.7, 0.7],
  'Meta-Llama-3_1-70B': [0.75, 0.75],
  'gemini-1.5-pro-002': [1.25, 5],
  'DeepSeek-Coder-V2': [0.14, 0.28],
};
const CHARACTERS_PER_TOKEN = 4;

/** The head of complexity has learned from these very outcomes: it is not asked. */
export function openStage(names: readonly TableName[]): Stage {
  const understanding = shippedUnderstanding('off');
  const fast = understanding.fast();
  const clock = createVirtualClock();
  const contexts = createContextReader(understanding, null, clock);
  const archetype = { key: '', interaction: 'chat', turns: 'single', weight: 'balanced' } as const;
  const tables = names.map(loadTable);
  const workload = { archetype: () => archetype } as unknown as Workload;
  // The first reading asks for the projection, which is there at the next.
  const share = (): never => fast.read('warm') as never;
  contexts.read(workload, { share }, { domain: null, band: null, spentMicroseconds: 0 });
  clock.advance(1);
  const requests = tables.flatMap(({ prompts, labels }, t) =>
    prompts.map((prompt, i): Request => {
      const text = fast.read(gistOf(prompt));
      const { label, confidence } = text.classify('domain');
      const topic = { domain: confidence >= 0.5 ? label : null, band: null, spentMicroseconds: 0 };
      const context = contexts.read(workload, { share: () => text } as never, topic)!;
      return { topic, context, vector: text.embedding(), category: labels[i]![0] ?? names[t]! };
    }),
  );
  const ids = tables[0]!.models.map(({ id }) => id);
  const isPriced = tables[0]!.models.some(({ costUsd }) => costUsd.some((cost) => cost > 0));
  const columns = ids
    .filter((id) => isPriced || id in PRICES)
    .map((id): Column => {
      const parts = tables.map((table) => ({
        table,
        own: table.models.find((one) => one.id === id)!,
      }));
      const correct = parts.flatMap(({ own }) => Array.from(own.correct));
      const costUsd = parts.flatMap(({ table, own }) =>
        Array.from(own.correct, (_, i) =>
          isPriced ? own.costUsd[i]! : listCost(id, table.prompts[i]!, own.outputCharacters[i]!),
        ),
      );
      return { model: modelOf(id), correct, costUsd };
    });
  return complete({ name: names.join('+'), requests, columns });
}

function listCost(id: string, prompt: string, outputCharacters: number): number {
  const [input, output] = PRICES[id]!;
  const characters = Number.isNaN(outputCharacters) ? 600 : outputCharacters;
  return (prompt.length * input + characters * output) / CHARACTERS_PER_TOKEN / 1e6;
}

/** Only the requests that every model has answered. */
function complete({ name, requests, columns }: Stage): Stage {
  const kept = requests
    .map((_, i) => i)
    .filter((i) => columns.every(({ correct, costUsd }) => correct[i]! >= 0 && costUsd[i]! >= 0));
  return {
    name,
    requests: kept.map((i) => requests[i]!),
    columns: columns.map((column) => ({
      model: column.model,
      correct: kept.map((i) => column.correct[i]!),
      costUsd: kept.map((i) => column.costUsd[i]!),
    })),
  };
}

/** A model whose card says nothing. */
const modelOf = (id: string): Model =>
  ({ id: id as ModelId, accuracy: { default: null, byDomain: new Map() } }) as unknown as Model;

export const LEARNING: LearningConfig = {
  reputation: { alpha: 0.05, graceRatio: 1.1 },
  accuracy: {
    halfLifeVerdicts: 2000,
    halfLifeMs: Infinity,
    reliability: { score: 1 } as LearningConfig['accuracy']['reliability'],
    drift: { isWatched: false, loss: 0.15, verdictsPerFalseAlarm: 10_000 },
  },
};

/** Verdicts become beliefs in batches, as the keeper does it. */
export class Learning {
  beliefs: Beliefs = NO_BELIEFS;
  readonly #learners = createLearners([SHIPPED_SPACE]);
  #held: Verdict[] = [];
  #count = 0;

  judge({ topic, context }: Request, model: Model, score: number): void {
    const prior = contextPrior(model, this.beliefs, topic, null);
    const { domain, band } = topic;
    const decision = `d-${String(this.#count).padStart(9, '0')}` as Verdict['decision'];
    this.#held.push({
      decision,
      source: 'score',
      atMs: this.#count++,
      model: model.id,
      domain,
      band,
      score,
      context: packContext(context, prior),
    });
  }

  learn(): void {
    for (const learner of this.#learners) {
      this.beliefs = learner.learnVerdicts?.(this.beliefs, this.#held, LEARNING) ?? this.beliefs;
    }
    this.#held = [];
  }
}

export function shuffled(count: number, seed: number): number[] {
  const rng = createRng(seed);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(rng.next() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
