import { nearest } from '../../kernel/index.ts';
import type { Path } from '../document/place.ts';
import { placeText } from '../document/place.ts';
import { problemAt, textOf, withMembers } from '../document/placed.ts';
import type { Placed, PlacedMap } from '../document/placed.ts';
import { layOver } from './layers.ts';
import { listed } from './references.ts';
import type { Reporter } from './sections.ts';

/** Sections of a recipe that every recipe sees: they stand at the top once the policy is whole. */
const SHARED = ['conditions', 'signals'];

/** Resolves `extends` between recipes, and moves what they share to the top. */
export function settleRecipes(root: PlacedMap, reporter: Reporter): PlacedMap {
  const recipes = root.members.get('recipes');
  if (recipes?.kind !== 'map') return root;
  let whole = root;
  const own = new Map<string, Placed>();
  for (const [name, recipe] of recipes.members) {
    if (recipe.kind !== 'map') {
      own.set(name, recipe);
      continue;
    }
    for (const section of SHARED) whole = withShared(whole, recipe.members.get(section), [section]);
    own.set(name, withMembers(recipe, { conditions: undefined, signals: undefined }));
  }
  const lineage = new Lineage(own, reporter);
  const settled = [...own.keys()].map((name) => [name, lineage.settle(name)] as const);
  return withMembers(whole, { recipes: { ...recipes, members: new Map(settled) } });
}

/** The entries of a recipe's section after those of the section at the top. */
function withShared(root: PlacedMap, section: Placed | undefined, path: Path): PlacedMap {
  if (section === undefined) return root;
  return append(root, section, path) as PlacedMap;
}

function append(into: Placed, section: Placed, [name, ...rest]: Path): Placed {
  if (into.kind !== 'map' || name === undefined) return joined(into, section);
  const known = into.members.get(String(name));
  const next = known === undefined ? section : append(known, section, rest);
  return withMembers(into, { [name]: next });
}

/** Lists one after the other, mappings member by member; what does not fit is left to the schema. */
function joined(a: Placed, b: Placed): Placed {
  if (a.kind === 'list' && b.kind === 'list') return { ...a, items: [...a.items, ...b.items] };
  if (a.kind !== 'map' || b.kind !== 'map') return b;
  let whole: PlacedMap = a;
  for (const [name, member] of b.members) {
    const known = whole.members.get(name);
    whole = withMembers(whole, { [name]: known === undefined ? member : joined(known, member) });
  }
  return whole;
}

/** Each recipe over those that it extends. */
class Lineage {
  readonly #recipes: ReadonlyMap<string, Placed>;
  readonly #reporter: Reporter;

  constructor(recipes: ReadonlyMap<string, Placed>, reporter: Reporter) {
    this.#recipes = recipes;
    this.#reporter = reporter;
  }

  settle(name: string): Placed {
    const recipe = this.#recipes.get(name)!;
    if (recipe.kind !== 'map') return recipe;
    const order = new Map<string, PlacedMap>();
    this.#visit(name, recipe, [], order);
    const [first, ...others] = order.values();
    return others.reduce((below, above) => layRecipe(below, above, this.#reporter), first!);
  }

  /** Those that are extended come before those that extend them, each once. */
  #visit(
    name: string,
    recipe: PlacedMap,
    open: readonly Open[],
    order: Map<string, PlacedMap>,
  ): void {
    if (order.has(name)) return;
    const place = recipe.place;
    for (const reference of listed(recipe, 'extends', this.#reporter)) {
      const parent = textOf(reference)!;
      const found = this.#recipes.get(parent);
      const chain = [...open, { name, place }];
      if (found?.kind !== 'map') {
        const names = [...this.#recipes.keys()];
        this.#reporter.add(
          problemAt(
            reference,
            `there is no recipe "${parent.slice(0, 60)}": there are ${names.join(', ')}`,
            nearest(parent, names),
          ),
        );
      } else if (chain.some((each) => each.name === parent)) {
        const circle = [
          ...chain.slice(chain.findIndex((each) => each.name === parent)),
          { name: parent, place: found.place },
        ].map((each) => `"${each.name}" (${placeText(each.place)})`);
        this.#reporter.add(problemAt(reference, `closes a circle: ${circle.join(' extends ')}`));
      } else this.#visit(parent, found, chain, order);
    }
    order.set(name, withMembers(recipe, { extends: undefined }));
  }
}

interface Open {
  readonly name: string;
  readonly place: Placed['place'];
}

/** As whole policies are laid over one another, with the recipe at its place in one. */
function layRecipe(below: PlacedMap, above: PlacedMap, reporter: Reporter): PlacedMap {
  const wrap = (recipe: PlacedMap): PlacedMap => {
    const recipes: PlacedMap = { ...recipe, members: new Map([['recipe', recipe]]) };
    return { ...recipe, members: new Map([['recipes', recipes]]) };
  };
  const laid = layOver(wrap(below), wrap(above), reporter).members.get('recipes') as PlacedMap;
  return laid.members.get('recipe') as PlacedMap;
}
