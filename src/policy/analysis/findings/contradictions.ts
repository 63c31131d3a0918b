import type { Formula } from '../../../contract/index.ts';
import { operandsOf } from '../../compile/condition.ts';
import type { Condition, Measure } from '../../compile/condition.ts';
import type { Path } from '../../document/place.ts';
import { not } from '../formula.ts';
import type { Analyst } from '../analyst.ts';

/** A condition that something hangs on, and how findings call it. */
export interface Subjected {
  readonly what: string;
  readonly path: Path;
  readonly condition: Condition;
  /** What it means that the condition never holds, or always does. */
  readonly whenNever: string;
  readonly whenAlways: string;
}

/** Conditions that nothing satisfies, or that everything does. Returns which of them can hold. */
export async function findContradictions(
  analyst: Analyst,
  subjected: readonly Subjected[],
): Promise<ReadonlySet<Condition>> {
  const possible = new Set<Condition>();
  for (const each of subjected) {
    if (await new ConditionCheck(analyst, each).run()) possible.add(each.condition);
  }
  return possible;
}

class ConditionCheck {
  readonly #analyst: Analyst;
  readonly #subject: Subjected;

  constructor(analyst: Analyst, subject: Subjected) {
    this.#analyst = analyst;
    this.#subject = subject;
  }

  /** Whether the condition can hold, or may. */
  async run(): Promise<boolean> {
    const { condition } = this.#subject;
    await this.#checkParts(condition);
    const isTrue = this.#analyst.formulas.isTrue(condition);
    if (await this.#analyst.questions.isNever(isTrue)) {
      await this.#addContradiction(condition);
      return false;
    }
    if (await this.#analyst.questions.isNever(not(isTrue))) this.#addAlways(condition);
    return true;
  }

  /** What is wrong with a part is wrong wherever it stands: it is looked at once. */
  async #checkParts(condition: Condition): Promise<void> {
    for (const part of partsOf(condition)) {
      if (!this.#analyst.isNew(part)) continue;
      await this.#checkParts(part);
      await this.#checkPart(part);
    }
  }

  async #checkPart(part: Condition): Promise<void> {
    if (part.kind === 'labelled' || part.kind === 'assumption' || part.kind === 'not') return;
    const isTrue = this.#analyst.formulas.isTrue(part);
    if (await this.#analyst.questions.isNever(isTrue)) await this.#addDeadPart(part);
    else if (await this.#analyst.questions.isNever(not(isTrue))) {
      this.#analyst.blame(part);
      this.#analyst.add({
        code: 'always-true',
        severity: 'warning',
        path: this.#pathOf(part),
        message: `${shown(part)} is always true: leave it out, or write what it is to tell apart`,
      });
    }
  }

  async #addDeadPart(part: Condition): Promise<void> {
    if (part.kind !== 'leaf' && part.kind !== 'weighing') {
      await this.#addConflict(part, `${shown(part)} can never be true`, 'warning');
      return;
    }
    this.#analyst.blame(part);
    this.#analyst.add({
      code: 'unreachable-threshold',
      severity: 'warning',
      path: this.#pathOf(part),
      message: `${shown(part)} can never be true: no value that the signal can have reaches it`,
    });
  }

  async #addContradiction(condition: Condition): Promise<void> {
    const { what, whenNever } = this.#subject;
    await this.#addConflict(condition, `${what} can never match: ${whenNever}`, 'error');
  }

  /** Names the fewest parts that exclude each other. */
  async #addConflict(
    condition: Condition,
    message: string,
    severity: 'error' | 'warning',
  ): Promise<void> {
    const { places } = this.#analyst.subject.suspect.compiler;
    const parts = conjunctsOf(condition, (each) => places.has(each));
    const truths = parts.map(({ condition: part, isTrue }): Formula => {
      const formula = this.#analyst.formulas.isTrue(part);
      return isTrue ? formula : not(formula);
    });
    const core = this.#analyst.inFileOrder(
      (await this.#analyst.questions.core(truths)).map((i) => parts[i]!),
      (part) => this.#pathOf(part.placed),
    );
    this.#analyst.blame(condition);
    const [first, ...others] = core;
    if (first === undefined) return;
    const isBlamed = core.length === 1 && this.#analyst.isBlamed(first.condition);
    const texts = core.map((part) => `${part.isTrue ? '' : 'not '}${shown(part.condition)}`);
    const reason =
      core.length === 1
        ? `${texts[0]} is impossible`
        : `${texts.join(', ')} exclude each other: drop one of them, or write any instead of all`;
    this.#analyst.add({
      code: isBlamed && first.condition.kind === 'leaf' ? 'unreachable-threshold' : 'contradiction',
      severity,
      path: this.#pathOf(first.placed),
      message: `${message}; ${reason}`,
      related: [
        ...others.map((part) => ({
          path: this.#pathOf(part.placed),
          message: 'it excludes this one',
        })),
        { path: this.#subject.path, message: `${this.#subject.what} is here` },
      ],
    });
  }

  #addAlways(condition: Condition): void {
    const { what, whenAlways, path } = this.#subject;
    if (this.#analyst.isBlamed(condition)) return;
    this.#analyst.add({
      code: 'always-true',
      severity: 'warning',
      path: this.#pathOf(condition),
      message: `${what} always matches: ${whenAlways}`,
      related: [{ path, message: `${what} is here` }],
    });
  }

  #pathOf(condition: Condition): Path {
    return this.#analyst.pathOf(condition, this.#subject.path);
  }
}

interface Conjunct {
  readonly condition: Condition;
  readonly isTrue: boolean;
  /** The condition, or the nearest around it, of which it is known where it was written. */
  readonly placed: Condition;
}

/** What must all hold, each as far down as it is one. */
function conjunctsOf(
  condition: Condition,
  isPlaced: (condition: Condition) => boolean,
  { isTrue, placed }: Omit<Conjunct, 'condition'> = { isTrue: true, placed: condition },
): readonly Conjunct[] {
  const own = { condition, isTrue, placed: isPlaced(condition) ? condition : placed };
  const below = (child: Condition, truth: boolean): readonly Conjunct[] =>
    conjunctsOf(child, isPlaced, { isTrue: truth, placed: own.placed });
  switch (condition.kind) {
    case 'not':
      return below(condition.child, !isTrue);
    case 'labelled': {
      const parts = below(condition.child, isTrue);
      return parts.length === 1 ? [own] : parts;
    }
    case 'all':
    case 'any':
    case 'atLeast': {
      const isEvery = isTrue ? condition.need === condition.children.length : condition.need === 1;
      return isEvery ? condition.children.flatMap((child) => below(child, isTrue)) : [own];
    }
    default:
      return [own];
  }
}

/** What stands below a condition and can be wrong by itself. */
function partsOf(condition: Condition): readonly Condition[] {
  const below = operandsOf(condition).filter(
    (operand: Condition | Measure): operand is Condition => operand.kind !== 'measure',
  );
  return condition.kind === 'leaf' ? [condition] : below;
}

/** A condition as explanations show it. */
export function shown(condition: Condition): string {
  switch (condition.kind) {
    case 'leaf':
    case 'labelled':
    case 'weighing':
      return `"${condition.text}"`;
    case 'not':
      return `not ${shown(condition.child)}`;
    case 'assumption':
      return shown(condition.child);
    default: {
      const name = condition.kind === 'atLeast' ? `at least ${condition.need}` : condition.kind;
      return `${name} of (${condition.children.map(shown).join(', ')})`;
    }
  }
}
