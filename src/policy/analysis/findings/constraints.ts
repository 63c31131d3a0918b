import type { Formula, Instance } from '../../../contract/index.ts';
import type { CompiledConstraint, CompiledRoute } from '../../compile/rules.ts';
import type { Analyst } from '../analyst.ts';
import { all, any, not } from '../formula.ts';
import type { Rulebook } from '../subject.ts';

/** Constraints that leave nobody: each alone, two together, and with a route. */
export async function findBarredRules(
  analyst: Analyst,
  book: Rulebook,
  deciding: readonly CompiledRoute[],
): Promise<void> {
  const barring = book.constraints.filter(({ rule }) => rule !== null && barsAny(rule));
  const { instances } = analyst.subject.config;
  if (instances.length === 0 || barring.length === 0) return;
  const useful: CompiledConstraint[] = [];
  for (const constraint of barring) {
    if (instances.some((instance) => constraint.rule!.permits(instance))) useful.push(constraint);
    else addPermitsNobody(analyst, constraint);
  }
  const known = await addConflicts(analyst, book, useful);
  for (const route of deciding) {
    await addEmptyRoute(analyst, book, { route, constraints: useful, known });
  }
}

/** A rule about tools alone bars no instance. */
const barsAny = (rule: NonNullable<CompiledConstraint['rule']>): boolean => rule.text !== '';

function addPermitsNobody(analyst: Analyst, { name, path, rule }: CompiledConstraint): void {
  analyst.add({
    code: 'constraint-permits-nobody',
    severity: 'error',
    path,
    message: `the constraint "${name}" permits no instance (${rule!.text}): every request that it applies to is refused. Correct the labels, or say so with refuse`,
  });
}

type Pair = readonly [CompiledConstraint, CompiledConstraint];

/** Pairs that leave nobody between them, whatever the route. */
async function addConflicts(
  analyst: Analyst,
  book: Rulebook,
  constraints: readonly CompiledConstraint[],
): Promise<readonly Formula[]> {
  const known: Formula[] = [];
  for (const [i, second] of constraints.entries()) {
    for (const first of constraints.slice(0, i)) {
      const isShared = analyst.subject.config.instances.some(
        (instance) => first.rule!.permits(instance) && second.rule!.permits(instance),
      );
      if (isShared) continue;
      const both = all([first, second].map(({ condition }) => analyst.formulas.isTrue(condition)));
      const found = await analyst.questions.example(both, analyst.isAdmitted(book));
      if (found === 'never' || found === null) continue;
      known.push(not(both));
      await addConflict(analyst, book, [first, second]);
    }
  }
  return known;
}

async function addConflict(analyst: Analyst, book: Rulebook, pair: Pair): Promise<void> {
  const [first, second] = inFileOrder(pair);
  const both = all(pair.map(({ condition }) => analyst.formulas.isTrue(condition)));
  const example = await analyst.questions.example(both, analyst.isAdmitted(book));
  const isAlways = first.condition === null && second.condition === null;
  const witness = await analyst.witness(example === 'never' ? null : example, {
    recipe: book.recipe,
    matching: pair,
    expected: { nobody: pair },
    shows: () => `matches "${first.name}" and "${second.name}", and nobody may serve it`,
  });
  if (witness === null && analyst.canShow && !isAlways) return;
  analyst.add({
    code: 'conflicting-constraints',
    severity: isAlways ? 'error' : 'warning',
    path: second.path,
    message: `the constraints "${first.name}" (${first.rule!.text}) and "${second.name}" (${second.rule!.text}) leave no instance between them: requests that match both are refused. Add an instance that satisfies both, or narrow one of them`,
    related: [{ path: first.path, message: `"${first.name}" is here` }],
    witness,
  });
}

const inFileOrder = (pair: Pair): Pair =>
  pair[0].index <= pair[1].index ? pair : [pair[1], pair[0]];

interface RouteUnderRules {
  readonly route: CompiledRoute;
  readonly constraints: readonly CompiledConstraint[];
  /** What was said already: that these do not come together. */
  readonly known: readonly Formula[];
}

async function addEmptyRoute(
  analyst: Analyst,
  book: Rulebook,
  { route, constraints, known }: RouteUnderRules,
): Promise<void> {
  if (route.mandate.answer !== null) return;
  const instances = instancesOf(analyst, route);
  if (instances.length === 0) return;
  const { formulas, questions } = analyst;
  const barred = instances.map((instance) =>
    any(
      constraints
        .filter(({ rule }) => !rule!.permits(instance))
        .map(({ condition }) => formulas.isTrue(condition)),
    ),
  );
  const arrives = [analyst.decides(route, book), analyst.isAdmitted(book), ...known];
  const example = await questions.example(...arrives, ...barred);
  if (example === 'never' || example === null) return;
  const isAlways = await questions.isNever(...arrives, not(all(barred)));
  const blamed = await fewest(analyst, { arrives, constraints, instances });
  const names = blamed.map(({ name }) => `"${name}"`).join(' and ');
  const [first] = blamed;
  if (first === undefined) return;
  const witness = await analyst.witness(example, {
    recipe: book.recipe,
    matching: [route, ...blamed],
    expected: { route: [route.name], nobody: blamed, of: instances },
    shows: () => `goes to "${route.name}", and ${names} leave nobody to serve it`,
  });
  if (witness === null && analyst.canShow && !isAlways) return;
  analyst.add({
    code: 'empty-route',
    severity: isAlways ? 'error' : 'warning',
    path: first.path,
    message: `the constraint${blamed.length > 1 ? 's' : ''} ${names} leave${blamed.length > 1 ? '' : 's'} no instance for the route "${route.name}": ${isAlways ? 'all of its requests' : 'requests that match both'} are refused. Give the route a model that is permitted, or narrow the constraint`,
    related: [
      ...blamed.slice(1).map(({ name, path }) => ({ path, message: `"${name}" is here` })),
      ...(route.path === null ? [] : [{ path: route.path, message: `"${route.name}" is here` }]),
    ],
    witness,
  });
}

/** The fewest constraints that leave the route with nobody in some request. */
async function fewest(
  analyst: Analyst,
  {
    arrives,
    constraints,
    instances,
  }: {
    readonly arrives: readonly Formula[];
    readonly constraints: readonly CompiledConstraint[];
    readonly instances: readonly Instance[];
  },
): Promise<readonly CompiledConstraint[]> {
  const leavesNobody = async (some: readonly CompiledConstraint[]): Promise<boolean> => {
    const isEmpty = instances.every((instance) =>
      some.some(({ rule }) => !rule!.permits(instance)),
    );
    if (!isEmpty) return false;
    const apply = some.map(({ condition }) => analyst.formulas.isTrue(condition));
    const found = await analyst.questions.example(...arrives, ...apply);
    return found !== 'never' && found !== null;
  };
  for (const one of constraints) if (await leavesNobody([one])) return [one];
  for (const [i, second] of constraints.entries()) {
    for (const first of constraints.slice(0, i)) {
      if (await leavesNobody([first, second])) return [first, second];
    }
  }
  return (await leavesNobody(constraints)) ? constraints : [];
}

function instancesOf(analyst: Analyst, { mandate }: CompiledRoute): readonly Instance[] {
  return analyst.subject.config.instances.filter(({ model }) =>
    mandate.models === null ? model.kind === 'chat' : mandate.models.has(model.id),
  );
}
