import type { Findings, Path } from '../document/place.ts';
import { entriesOf, membersOf } from '../document/raw.ts';
import { compileInjections } from '../injection/compile.ts';
import type { CompiledInjection } from '../injection/compile.ts';
import type { PolicyFile } from '../schema/index.ts';
import type { ConditionCompiler } from './compiler.ts';
import type { Condition } from './condition.ts';
import type { Config } from '../../contract/index.ts';
import type { Members } from './named-parts.ts';
import { cheapestConstraintsFirst, compileConstraints, compileRoutes } from './rules.ts';
import type { CompiledConstraint, CompiledRoute } from './rules.ts';

/** Constraints and routes that stand together, as written: the policy's own, or a recipe's. */
export interface RuleSet {
  /** The recipe's name; null for the policy's own. */
  readonly recipe: string | null;
  readonly path: Path;
  readonly members: Members;
}

/** A whole policy behind the virtual model `auto:NAME`. */
export interface CompiledRecipe {
  readonly name: string;
  /** Who may ask for it: callers with one of them. Null: everybody. */
  readonly roles: ReadonlySet<string> | null;
  /** Those of the policy and its own, in the order of evaluation. */
  readonly constraints: readonly CompiledConstraint[];
  /** In the order in which they are tried; the last one always matches. */
  readonly routes: readonly CompiledRoute[];
}

/** The policy's own rules first. */
export function ruleSetsOf(root: Members): readonly RuleSet[] {
  const recipes = Object.entries(membersOf(root['recipes'])).map(([recipe, members]): RuleSet => ({
    recipe,
    path: ['recipes', recipe],
    members: membersOf(members),
  }));
  return [{ recipe: null, path: [], members: root }, ...recipes];
}

/** What is compiled of a set before the policy is known to be sound. */
export interface RuleParts {
  readonly set: RuleSet;
  readonly constraintConditions: readonly (Condition | null)[];
  readonly routeConditions: readonly (Condition | null)[];
}

export function compileParts(set: RuleSet, compiler: ConditionCompiler): RuleParts {
  const conditionsOf = (section: 'constraints' | 'routes'): readonly (Condition | null)[] =>
    entriesOf(set.members[section]).map(([i, entry]) =>
      entry['when'] === undefined
        ? null
        : compiler.compile(entry['when'], [...set.path, section, i, 'when']),
    );
  const constraintConditions = conditionsOf('constraints');
  return { set, constraintConditions, routeConditions: conditionsOf('routes') };
}

/** The injections of a set's routes, in the order of the file. */
export function injectionsOf(
  { set }: RuleParts,
  file: PolicyFile,
  compiler: ConditionCompiler,
  findings: Findings,
): readonly CompiledInjection[] {
  const section = [...set.path, 'routes'];
  return compileInjections(rulesOf(file, set).routes, compiler, findings, section);
}

const rulesOf = (
  file: PolicyFile,
  { recipe }: RuleSet,
): Pick<PolicyFile, 'constraints' | 'routes'> => (recipe === null ? file : file.recipes[recipe]!);

export interface CompiledRules {
  readonly constraints: readonly CompiledConstraint[];
  readonly routes: readonly CompiledRoute[];
  readonly recipes: readonly CompiledRecipe[];
}

/** Compiles every set of a sound policy. `parts` and `injections` are in the order of `ruleSetsOf`. */
export function compileRules(
  file: PolicyFile,
  parts: readonly RuleParts[],
  injections: readonly (readonly CompiledInjection[])[],
  config: Config,
): CompiledRules {
  const [own, ...recipes] = parts.map(({ set, constraintConditions, routeConditions }, i) => {
    const { constraints, routes } = rulesOf(file, set);
    return {
      set,
      constraints: compileConstraints(constraints, constraintConditions, set),
      routes: compileRoutes(
        routes,
        { conditions: routeConditions, injections: injections[i]! },
        config,
        set,
      ),
    };
  });
  return {
    constraints: own!.constraints,
    routes: own!.routes,
    recipes: recipes.map(({ set, constraints, routes }): CompiledRecipe => {
      const { roles } = file.recipes[set.recipe!]!;
      return {
        name: set.recipe!,
        roles: roles === undefined ? null : new Set(roles),
        constraints: cheapestConstraintsFirst([...own!.constraints, ...constraints]),
        routes,
      };
    }),
  };
}
