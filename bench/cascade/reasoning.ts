import { readFileSync } from 'node:fs';
import type { Beliefs, Effort } from '../../src/contract/index.ts';
import {
  believedOf,
  believedOfNext,
  confidenceKey,
  followingKey,
  learnConfidence,
  normalQuantile,
  observeConfidence,
  priorConfidence,
  standardized,
  worthOf,
} from '../../src/estimate/index.ts';
import { createRng } from '../../src/kernel/index.ts';
import type { ModelId } from '../../src/kernel/index.ts';
import { DEMO_FLEET, probabilityRight } from '../../src/simulate/index.ts';
import { createDecider } from '../reasoning/decide.ts';
import { fitDifficulties, readQuestions } from '../reasoning/difficulty.ts';
import { FAMILIES } from '../reasoning/families.ts';
import { runFleet } from '../reasoning/fleet.ts';
import type { Results } from '../reasoning/fleet.ts';

/** One world of `bench:reasoning`: what was read of each question, and what each effort does to it. */
export interface ReasoningPart {
  readonly read: readonly number[];
  readonly results: readonly Results[];
}

const FOLDS = new URL('../reasoning/folds.json', import.meta.url);
const STRONGEST = 'gemini-1.5-pro-002';
const SLOPE = 5;
const MEAN_DIFFICULTY = 0.6;
const GAIN = 0.2;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The two parts of `bench:reasoning` at its expected gain: one to choose on, one to report. */
export async function readParts(): Promise<{ choosing: ReasoningPart; reported: ReasoningPart }> {
  const questions = readQuestions();
  const models = Object.keys(questions[0]!.correct);
  const { difficulties } = fitDifficulties(questions, models);
  const onScale = (d: number): number => Math.min(1, Math.max(0, MEAN_DIFFICULTY + d / SLOPE));
  const scaled = [...difficulties].map(onScale);
  const bare = DEMO_FLEET.at(1)!.answers!;
  const shareRight = mean(questions.flatMap(({ correct }) => correct[STRONGEST] ?? []));
  let [low, high] = [-1, 3];
  for (let i = 0; i < 50; i++) {
    const ability = (low + high) / 2;
    const answers = { ...bare, ability, abilityByDomain: {} };
    const reached = mean(scaled.map((d) => probabilityRight(answers, 'general', d)));
    if (reached < shareRight) low = ability;
    else high = ability;
  }
  const folds = JSON.parse(readFileSync(FOLDS, 'utf8')) as Record<string, readonly number[]>;
  const decide = await createDecider();
  const partOf = async (places: readonly number[]): Promise<ReasoningPart> => {
    const read: number[] = [];
    for (const place of places) read.push((await decide(questions[place]!.prompt)).difficulty);
    const thinking = { family: FAMILIES[0]!.model.reasoning!, gain: GAIN };
    const answers = { ...bare, ability: low, abilityByDomain: {}, thinking };
    const spec = { ...DEMO_FLEET[1]!, model: 'thinker', answers };
    return {
      read,
      results: runFleet(
        spec,
        FAMILIES[0]!,
        places.map((place) => scaled[place]!),
      ),
    };
  };
  const [choosing, reported] = [folds['choosing'], folds['reporting']];
  if (choosing === undefined || reported === undefined)
    throw new Error('folds.json has no such parts');
  return { choosing: await partOf(choosing), reported: await partOf(reported) };
}

/** A way up the efforts, the cheapest first. */
export type Ladder = readonly Effort[];

const idOf = (effort: Effort): ModelId => `thinker@${effort}` as ModelId;

/** What an effort's answer is right in, by what was read of the question: a straight line in log-odds. */
type Priors = Readonly<Record<string, readonly [number, number]>>;

interface Drawn {
  /** Whether each effort is right: the same luck for all. */
  readonly right: readonly Readonly<Record<Effort, number>>[];
  readonly sure: readonly Readonly<Record<Effort, number>>[];
}

function draw({ results }: ReasoningPart, auc: number, seed: number): Drawn {
  const rng = createRng(seed);
  const separation = auc >= 1 ? 1e3 : Math.SQRT2 * normalQuantile(auc);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
  const right: Record<Effort, number>[] = [];
  const sure: Record<Effort, number>[] = [];
  for (const result of results) {
    const luck = rng.next();
    const own = {} as Record<Effort, number>;
    const how = {} as Record<Effort, number>;
    for (const effort of ['off', 'low', 'medium', 'high'] as const) {
      own[effort] = luck < result[effort].right ? 1 : 0;
      how[effort] = -0.3 + 0.2 * (normal() + (own[effort] - 0.5) * separation);
    }
    right.push(own);
    sure.push(how);
  }
  return { right, sure };
}

function fitPriors({ read }: ReasoningPart, { right }: Drawn, ladder: Ladder): Priors {
  const priors: Record<string, readonly [number, number]> = {};
  for (const effort of ladder) {
    let [a, b] = [0, 0];
    for (let round = 0; round < 30; round++) {
      let [ga, gb, haa, hab, hbb] = [0, 0, 1e-6, 0, 1e-6];
      for (const [i, x] of read.entries()) {
        const p = 1 / (1 + Math.exp(-(a + b * x)));
        const w = p * (1 - p);
        const e = right[i]![effort] - p;
        [ga, gb, haa, hab, hbb] = [ga + e, gb + e * x, haa + w, hab + w * x, hbb + w * x * x];
      }
      const d = haa * hbb - hab * hab;
      [a, b] = [a + (hbb * ga - hab * gb) / d, b + (haa * gb - hab * ga) / d];
    }
    priors[effort] = [a, b];
  }
  return priors;
}

const priorOf = (priors: Priors, effort: Effort, read: number): number => {
  const [a, b] = priors[effort]!;
  return 1 / (1 + Math.exp(-(a + b * read)));
};

/** The production fit of what confidence tells, of every effort and of those that follow it. */
function learn(part: ReasoningPart, drawn: Drawn, ladder: Ladder, priors: Priors) {
  const confidence = new Map<string, ReturnType<typeof priorConfidence>>();
  for (const [place, effort] of ladder.entries()) {
    const key = confidenceKey(idOf(effort), 'meanLogprob');
    let own = priorConfidence(key);
    for (const sure of drawn.sure) own = observeConfidence(own, sure[effort]);
    for (const [i, sure] of drawn.sure.entries()) {
      const z = standardized(own, sure[effort]);
      const teach = (target: Effort, name: string): void => {
        const believed = priorOf(priors, target, part.read[i]!);
        const seen = { believed, score: drawn.right[i]![target], reliability: 1 };
        const before = name === key ? own : (confidence.get(name) ?? priorConfidence(name));
        const after = learnConfidence(before, z, seen, priorConfidence(name));
        if (name === key) own = after;
        else confidence.set(name, after);
      };
      teach(effort, key);
      for (const next of ladder.slice(place + 1)) {
        teach(next, followingKey(idOf(effort), 'meanLogprob', idOf(next)));
      }
    }
    confidence.set(key, own);
  }
  return { confidence };
}

export interface Spent {
  readonly tokens: number;
  readonly accuracy: number;
}

/** Climbs while another effort is worth its tokens at `price` per token. */
function climb(
  part: ReasoningPart,
  drawn: Drawn,
  ladder: Ladder,
  rule: {
    readonly priors: Priors;
    readonly beliefs: Pick<Beliefs, 'confidence'>;
    readonly price: number;
  },
): Spent {
  const { priors, beliefs, price } = rule;
  const usual = new Map(
    ladder.map((e) => [e, mean(part.results.map((result) => result[e].tokens))]),
  );
  let tokens = 0;
  let right = 0;
  for (const [i, result] of part.results.entries()) {
    let at = 0;
    for (;;) {
      const effort = ladder[at]!;
      tokens += result[effort].tokens;
      const believed = priorOf(priors, effort, part.read[i]!);
      const confidence = { kind: 'meanLogprob', value: drawn.sure[i]![effort], believed } as const;
      const now = believedOf(beliefs, idOf(effort), confidence);
      let next = -1;
      let most = 0;
      for (let j = at + 1; j < ladder.length; j++) {
        const own = {
          model: idOf(ladder[j]!),
          believed: priorOf(priors, ladder[j]!, part.read[i]!),
        };
        const then = believedOfNext(beliefs, idOf(effort), confidence, own);
        const worth = worthOf({ now, next: then, priceUsd: price * usual.get(ladder[j]!)! }, 1);
        if (worth > most) [most, next] = [worth, j];
      }
      if (next < 0) {
        right += drawn.right[i]![effort];
        break;
      }
      at = next;
    }
  }
  return { tokens: tokens / part.results.length, accuracy: right / part.results.length };
}

/** The price is chosen on one part, where it loses no more than a point against always-high; the other is reported. */
export function measureLadder(
  { choosing, reported }: { readonly choosing: ReasoningPart; readonly reported: ReasoningPart },
  ladder: Ladder,
  { auc, seed }: { readonly auc: number; readonly seed: number },
): { readonly tokens: number; readonly lostPoints: number } {
  const seen = draw(choosing, auc, seed);
  const priors = fitPriors(choosing, seen, ladder);
  const beliefs = learn(choosing, seen, ladder, priors);
  const most = mean(seen.right.map(({ high }) => high)) - 0.01;
  let [low, top] = [0, 1e-2];
  for (let round = 0; round < 30; round++) {
    const price = (low + top) / 2;
    if (climb(choosing, seen, ladder, { priors, beliefs, price }).accuracy >= most) low = price;
    else top = price;
  }
  const held = draw(reported, auc, seed + 1000);
  const spent = climb(reported, held, ladder, { priors, beliefs, price: low });
  const high = mean(reported.results.map((result) => result.high.tokens));
  const accuracy = mean(held.right.map((right) => right.high));
  return { tokens: spent.tokens / high, lostPoints: 100 * (accuracy - spent.accuracy) };
}
