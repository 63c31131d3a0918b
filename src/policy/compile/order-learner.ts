import type { Truth } from '../../contract/index.ts';
import { stepsAhead } from './ahead.ts';
import type { StepsAhead } from './ahead.ts';
import { Arranger } from './arrange.ts';
import type { Condition, Readings } from './condition.ts';
import { compileEvaluator } from './evaluator.ts';
import type { Evaluate } from './evaluator.ts';
import { Replay } from './explain.ts';
import type { CompiledConstraint, CompiledRoute } from './rules.ts';
import { countTurns } from './statistics.ts';
import { traceOf } from './trace.ts';
import type { Trace } from './trace.ts';

/** So many decisions are all learned from; after them, one of `SAMPLE`: learning is to cost little. */
const FIRST_DECISIONS = 256;
const SAMPLE = 16;

/** Observations between two arrangements. */
const INTERVAL = 32;

/** Rules in the order of evaluation, and which of them are begun while an earlier one is waited for. */
export interface Arrangement {
  readonly constraints: readonly CompiledConstraint[];
  readonly routes: readonly CompiledRoute[];
  readonly constraintsAhead: StepsAhead;
  readonly routesAhead: StepsAhead;
}

/** A rule's condition as it stands, with what replays it. */
interface Watch {
  readonly condition: Condition;
  readonly evaluate: Evaluate;
  readonly trace: Trace;
}

interface Watched<R extends CompiledConstraint | CompiledRoute> {
  /** As compiled. */
  readonly origin: R;
  /** As arranged. */
  rule: R;
  /** Null: the rule always applies. */
  watch: Watch | null;
}

type Rule = CompiledConstraint | CompiledRoute;

/** Learns the order of evaluation of one set of rules from the readings of decisions. */
export class OrderLearner {
  readonly #arranger = new Arranger();
  readonly #constraints: readonly Watched<CompiledConstraint>[];
  readonly #routes: readonly Watched<CompiledRoute>[];
  readonly #constraintTurns: number[] = [];
  readonly #routeTurns: number[] = [];
  #decisions = 0;
  #observed = 0;
  #arrangement: Arrangement;

  constructor(constraints: readonly CompiledConstraint[], routes: readonly CompiledRoute[]) {
    this.#constraints = constraints.map((rule) => watchedOf(rule));
    this.#routes = routes.map((rule) => watchedOf(rule));
    this.#arrangement = this.#arrange();
  }

  /** Null while the arrangement stays as it is. `isNamed`: no route was tried. */
  observe(readings: Readings, isNamed: boolean): Arrangement | null {
    this.#decisions++;
    if (this.#decisions > FIRST_DECISIONS && this.#decisions % SAMPLE !== 0) return null;
    this.#arranger.costs.observe(readings);
    const replay = new Replay(readings);
    const goesOn = this.#replay(this.#constraints, this.#constraintTurns, replay, isOverAfter);
    if (goesOn && !isNamed) this.#replay(this.#routes, this.#routeTurns, replay, isTaken);
    this.#observed++;
    return this.#observed % INTERVAL === 0 ? this.#rearrange() : null;
  }

  /** Stops where the decision stopped; says whether it went on after the last. */
  #replay<R extends Rule>(
    rules: readonly Watched<R>[],
    turns: number[],
    replay: Replay,
    isOver: (rule: R, truth: Truth | undefined) => boolean,
  ): boolean {
    const taken = rules.findIndex(({ rule, watch }) => {
      const truth = watch === null ? true : this.#replayOne(watch, replay);
      return isOver(rule, truth);
    });
    const last = taken < 0 ? rules.length : taken;
    countTurns(turns, rules.length, (i) => i <= last);
    return taken < 0;
  }

  /** Undefined where the decision did not get to the end of it. */
  #replayOne({ evaluate, trace }: Watch, replay: Replay): Truth | undefined {
    const truth = replay.evaluate(evaluate);
    if (truth !== undefined) this.#learnFrom(trace, trace.isDeep);
    return truth;
  }

  #learnFrom(trace: Trace, isDeep: boolean): void {
    if (!trace.isReached) return;
    const { operand, children } = trace;
    const statistics = this.#arranger.statisticsOf(operand);
    statistics?.observe(trace.truth);
    if (children.length > 1) statistics?.observeTurns(children, isDeep);
    for (const child of children) this.#learnFrom(child, isDeep);
  }

  #rearrange(): Arrangement | null {
    const before = this.#arrangement;
    const after = this.#arrange();
    const isSame =
      isEqual(before.constraints, after.constraints) &&
      isEqual(before.routes, after.routes) &&
      isEqual(before.constraintsAhead, after.constraintsAhead) &&
      isEqual(before.routesAhead, after.routesAhead);
    if (isSame) return null;
    this.#arrangement = after;
    return after;
  }

  #arrange(): Arrangement {
    return {
      constraints: this.#constraints.map((watched) => this.#arrangeRule(watched, true)),
      routes: this.#routes.map((watched) => this.#arrangeRule(watched, false)),
      constraintsAhead: stepsAhead(this.#constraintTurns),
      routesAhead: stepsAhead(this.#routeTurns),
    };
  }

  #arrangeRule<R extends Rule>(watched: Watched<R>, unknownAs: boolean): R {
    const { condition: origin } = watched.origin;
    if (origin === null) return watched.rule;
    const condition = this.#arranger.arrange(origin, unknownAs);
    if (watched.watch?.condition === condition) return watched.rule;
    const trace = traceOf(condition);
    watched.watch = { condition, trace, evaluate: compileEvaluator(condition, unknownAs, trace) };
    const evaluate = compileEvaluator(condition, unknownAs);
    watched.rule = { ...watched.origin, condition, evaluate };
    return watched.rule;
  }
}

const watchedOf = <R extends Rule>(rule: R): Watched<R> => ({ origin: rule, rule, watch: null });

/** A constraint that refuses ends the decision, and so does one that was not settled. */
const isOverAfter = ({ refusal }: CompiledConstraint, truth: Truth | undefined): boolean =>
  truth === undefined || (refusal !== null && truth !== false);

const isTaken = (_route: CompiledRoute, truth: Truth | undefined): boolean =>
  truth === undefined || truth === true;

const isEqual = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i]);
