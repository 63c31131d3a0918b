import type { Assignment } from '../../../contract/index.ts';
import type { CompiledRoute } from '../../compile/rules.ts';
import { not } from '../formula.ts';
import type { Analyst } from '../analyst.ts';
import { canonical, valueAt } from '../subject.ts';
import type { Rulebook } from '../subject.ts';

/** Overlaps of one route that are looked for: more would say no more. */
const OVERLAPS_MAX = 3;

/** Routes that others leave nothing to. Returns those that decide something, or may. */
export async function findShadowedRoutes(
  analyst: Analyst,
  book: Rulebook,
  possible: (route: CompiledRoute) => boolean,
): Promise<readonly CompiledRoute[]> {
  const deciding: CompiledRoute[] = [];
  const before: CompiledRoute[] = [];
  for (const route of book.routes) {
    if (!possible(route)) continue;
    const own = analyst.formulas.isTrue(route.condition);
    const others = before.map(({ condition }) => not(analyst.formulas.isTrue(condition)));
    if (before.length > 0 && (await analyst.questions.isNever(own, ...others))) {
      if (isWorthAWord(route, before)) await addShadowed(analyst, book, { route, before });
    } else {
      deciding.push(route);
    }
    before.push(route);
  }
  return deciding;
}

/** A default after routes that cover everything between them waits for signals that fail. */
const isWorthAWord = (route: CompiledRoute, before: readonly CompiledRoute[]): boolean =>
  route.path !== null &&
  (route.condition !== null || before.some(({ condition }) => condition === null));

interface Shadowed {
  readonly route: CompiledRoute;
  readonly before: readonly CompiledRoute[];
}

async function addShadowed(
  analyst: Analyst,
  { recipe }: Rulebook,
  { route, before }: Shadowed,
): Promise<void> {
  const { formulas, questions } = analyst;
  const own = formulas.isTrue(route.condition);
  const others = before.map(({ condition }) => not(formulas.isTrue(condition)));
  const core = (await questions.core(others, [own])).map((i) => before[i]!);
  const example = await questions.example(own);
  const names = core.map(({ name }) => `"${name}"`).join(' and ');
  const [first] = core;
  const doing =
    core.length === 1
      ? first?.condition === null
        ? 'which always matches'
        : 'which matches whenever it does'
      : 'of which one matches whenever it does';
  analyst.add({
    code: 'shadowed-route',
    severity: 'error',
    path: route.path!,
    message: `the route "${route.name}" is never reached: ${names} ${core.length === 1 ? 'is' : 'are'} tried before it, ${doing}. Raise its priority above ${core.length === 1 ? 'it' : 'them'}, or remove it`,
    related: core.flatMap(({ name, path }) =>
      path === null ? [] : [{ path, message: `"${name}" takes its requests` }],
    ),
    witness: await analyst.witness(asExample(example), {
      recipe,
      matching: [route],
      expected: { route: core.map(({ name }) => name) },
      shows: (decided) => `matches "${route.name}", and goes to "${decided}"`,
    }),
  });
}

const asExample = (found: Assignment | 'never' | null): Assignment | null =>
  found === 'never' ? null : found;

/** Routes of one rank that can both match and give different things: only the order of the file decides. */
export async function findOverlaps(
  analyst: Analyst,
  book: Rulebook,
  deciding: readonly CompiledRoute[],
): Promise<void> {
  const conditional = deciding.filter(({ condition }) => condition !== null);
  for (const [i, later] of conditional.entries()) {
    const rivals = conditional.slice(0, i).filter((earlier) => isRival(analyst, earlier, later));
    let found = 0;
    for (const earlier of rivals) {
      if (found >= OVERLAPS_MAX) break;
      if (await addOverlap(analyst, book, [earlier, later])) found++;
    }
  }
}

function isRival(analyst: Analyst, a: CompiledRoute, b: CompiledRoute): boolean {
  const outcomeOf = ({ path }: CompiledRoute): string =>
    path === null ? '' : canonical(valueAt(analyst.subject.root, [...path, 'use']));
  return a.tier === b.tier && a.priority === b.priority && outcomeOf(a) !== outcomeOf(b);
}

/** Where one route is a special case of the other, the order is what the author means. */
async function addOverlap(
  analyst: Analyst,
  book: Rulebook,
  [earlier, later]: readonly [CompiledRoute, CompiledRoute],
): Promise<boolean> {
  const { formulas, questions } = analyst;
  const [first, second] = [earlier, later].map(({ condition }) => formulas.isTrue(condition)) as [
    ReturnType<typeof formulas.isTrue>,
    ReturnType<typeof formulas.isTrue>,
  ];
  const both = [analyst.decides(earlier, book), second, analyst.isAdmitted(book)];
  const example = await questions.example(...both);
  if (example === 'never' || example === null) return false;
  if (await questions.isNever(first, not(second))) return false;
  if (await questions.isNever(second, not(first))) return false;
  const witness = await analyst.witness(example, {
    recipe: book.recipe,
    matching: [earlier, later],
    expected: { route: [earlier.name] },
    shows: () => `matches "${earlier.name}" and "${later.name}", and goes to the first`,
  });
  if (witness === null && analyst.canShow) return false;
  analyst.add({
    code: 'overlapping-routes',
    severity: 'warning',
    path: later.path!,
    message: `the routes "${earlier.name}" and "${later.name}" have the same rank, can both match, and give different things: the order of the file decides. Give one of them a higher priority`,
    related: [{ path: earlier.path!, message: `"${earlier.name}" is tried first` }],
    witness,
  });
  return true;
}
