import type { Instance } from '../../../contract/index.ts';
import type { CompiledRoute } from '../../compile/rules.ts';
import type { Analyst } from '../analyst.ts';
import { not } from '../formula.ts';
import type { Rulebook } from '../subject.ts';

interface Reach {
  readonly book: Rulebook;
  readonly deciding: readonly CompiledRoute[];
}

/** Models that no route gives, and instances that constraints keep from every route. */
export async function findUnreached(analyst: Analyst, reaches: readonly Reach[]): Promise<void> {
  const { config } = analyst.subject;
  const chosen = config.instances.filter(({ model }) => model.kind === 'chat');
  const routed = new Set(
    reaches.flatMap(({ deciding }) =>
      deciding.flatMap((route) => chosen.filter((instance) => offers(route, instance))),
    ),
  );
  for (const [i, model] of config.models.entries()) {
    const own = chosen.filter((instance) => instance.model.id === model.id);
    if (own.length === 0 || own.some((instance) => routed.has(instance))) continue;
    analyst.add({
      code: 'unreachable-model',
      severity: 'warning',
      path: ['models', i],
      message: `no route that can be reached gives the model "${model.id}": only clients that name it get it. Add it to the models of a route, or remove it`,
    });
  }
  for (const [i, instance] of config.instances.entries()) {
    if (!routed.has(instance) || (await isReached(analyst, reaches, instance))) continue;
    analyst.add({
      code: 'unreachable-instance',
      severity: 'warning',
      path: ['instances', i],
      message: `constraints keep the instance "${instance.id}" from every request that a route gives it: correct its labels, or narrow the constraint`,
      related: barring(reaches, instance).map(({ name, path }) => ({
        path,
        message: `"${name}" bars it`,
      })),
    });
  }
}

const offers = ({ mandate }: CompiledRoute, { model }: Instance): boolean =>
  mandate.answer === null && (mandate.models === null || mandate.models.has(model.id));

const barring = (reaches: readonly Reach[], instance: Instance) => [
  ...new Set(
    reaches.flatMap(({ book }) =>
      book.constraints.filter(({ rule }) => rule !== null && !rule.permits(instance)),
    ),
  ),
];

/** What is not known counts as reached. */
async function isReached(
  analyst: Analyst,
  reaches: readonly Reach[],
  instance: Instance,
): Promise<boolean> {
  if (barring(reaches, instance).length === 0) return true;
  for (const { book, deciding } of reaches) {
    const free = book.constraints
      .filter(({ rule }) => rule === null || !rule.permits(instance))
      .map(({ condition }) => not(analyst.formulas.isTrue(condition)));
    for (const route of deciding) {
      if (!offers(route, instance)) continue;
      if (!(await analyst.questions.isNever(analyst.decides(route, book), ...free))) return true;
    }
  }
  return false;
}
