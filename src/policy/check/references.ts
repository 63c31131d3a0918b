import { virtualModel } from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import { ruleSetsOf } from '../compile/rule-sets.ts';
import type { RuleSet } from '../compile/rule-sets.ts';
import { BUILT_IN_MODES } from '../config/modes.ts';
import { budgetId } from '../config/build-config.ts';
import type { Findings, Path } from '../document/place.ts';
import { entriesOf, listOf, membersOf, textsAt } from '../document/raw.ts';
import { SELECTOR_KEYS } from '../schema/fleet.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * Checks that what the file names exists, and exists once. It reads the values as written, so that
 * it finds its faults although the schema has found others.
 */
export function checkReferences(
  root: Members,
  engines: readonly string[],
  findings: Findings,
): void {
  const models = textsAt(root['models'], 'id');
  const modes = [...BUILT_IN_MODES.keys(), ...Object.keys(membersOf(root['modes']))];
  const checker = new ReferenceChecker(findings);
  checkUniqueness(root, findings);
  checkModels(root, findings);
  checkModes(root, findings);
  for (const [i, instance] of entriesOf(root['instances'])) {
    checker.known('model', models, instance['model'], ['instances', i, 'model']);
    checker.known('engine', engines, instance['engine'], ['instances', i, 'engine']);
  }
  for (const [i, judge] of entriesOf(root['judges'])) {
    checker.known('model', models, judge['model'], ['judges', i, 'model']);
  }
  for (const [i, tenant] of entriesOf(root['tenants'])) {
    checker.known('mode', modes, tenant['mode'], ['tenants', i, 'mode']);
  }
  const sets = ruleSetsOf(root);
  for (const set of sets) checkRules(set, { models, modes, engines }, checker);
  checkRecipes(sets, modes, findings);
}

interface KnownNames {
  readonly models: readonly string[];
  readonly modes: readonly string[];
  readonly engines: readonly string[];
}

function checkRules(
  { members, path }: RuleSet,
  known: KnownNames,
  checker: ReferenceChecker,
): void {
  const { models, modes, engines } = known;
  for (const [i, route] of entriesOf(members['routes'])) {
    const use = membersOf(route['use']);
    const at = [...path, 'routes', i, 'use'];
    checker.known('mode', modes, use['mode'], [...at, 'mode']);
    for (const [j, model] of listOf(use['models']).entries()) {
      checker.known('model', models, model, [...at, 'models', j]);
    }
    const cascade = membersOf(use['cascade']);
    for (const [j, step] of listOf(cascade['models']).entries()) {
      const isName = typeof step === 'string';
      const place = [...at, 'cascade', 'models', j, ...(isName ? [] : ['model'])];
      checker.known('model', models, isName ? step : membersOf(step)['model'], place);
    }
    const checkedBy = membersOf(cascade['accept'])['checkedBy'];
    checker.known('model', models, checkedBy, [...at, 'cascade', 'accept', 'checkedBy']);
  }
  for (const [i, constraint] of entriesOf(members['constraints'])) {
    for (const verb of ['require', 'forbid']) {
      checkSelector(checker, membersOf(constraint[verb]), [...path, 'constraints', i, verb], {
        model: models,
        engine: engines,
      });
    }
  }
}

/** Names of recipes, and those that they give to rules: each tells one thing. */
function checkRecipes(
  [own, ...recipes]: readonly RuleSet[],
  modes: readonly string[],
  findings: Findings,
): void {
  const constraints = textsAt(own!.members['constraints'], 'name');
  const routes = textsAt(own!.members['routes'], 'name');
  for (const { recipe, members, path } of recipes) {
    if (modes.includes(recipe!)) {
      findings.add(
        path,
        `is the name of a mode: auto:${recipe} asks for that, so give the recipe another name`,
        { at: 'key' },
      );
    }
    for (const [i, { name }] of entriesOf(members['constraints'])) {
      if (typeof name !== 'string' || !constraints.includes(name)) continue;
      findings.add(
        [...path, 'constraints', i, 'name'],
        'is the name of a constraint of the whole policy, which applies here too: choose another',
      );
    }
    for (const [i, { name }] of entriesOf(members['routes'])) {
      if (typeof name !== 'string' || !routes.includes(`${recipe}/${name}`)) continue;
      findings.add(
        [...path, 'routes', i, 'name'],
        `makes "${recipe}/${name}", which is the name of a route of the policy: choose another`,
      );
    }
    for (const section of ['constraints', 'routes']) {
      addRepeats(
        findings,
        textsWithPlaces(members[section]),
        (i) => [...path, section, i, 'name'],
        'stands more than once: give each its own',
      );
    }
  }
}

const textsWithPlaces = (list: unknown): readonly unknown[] =>
  entriesOf(list).map(([, members]) => members['name']);

class ReferenceChecker {
  readonly findings: Findings;

  constructor(findings: Findings) {
    this.findings = findings;
  }

  known(noun: string, names: readonly string[], name: unknown, path: Path): void {
    if (typeof name !== 'string' || names.includes(name)) return;
    const distinct = [...new Set(names)];
    const shown = distinct.slice(0, 20).join(', ') + (distinct.length > 20 ? ', …' : '');
    this.findings.add(
      path,
      `there is no ${noun} "${name.slice(0, 60)}": ` +
        (names.length === 0 ? `no ${noun} is defined` : `there are ${shown}`),
      { suggestion: nearest(name, names) },
    );
  }
}

function checkSelector(
  checker: ReferenceChecker,
  selector: Members,
  path: Path,
  names: Readonly<Record<string, readonly string[]>>,
): void {
  for (const [key, value] of Object.entries(selector)) {
    const singular = SELECTOR_KEYS.find((name) => `${name}s` === key);
    if (singular !== undefined) {
      checker.findings.add([...path, key], `"${key}" would be a label: write ${singular}`, {
        suggestion: singular,
        at: 'key',
      });
    }
    const known = names[key];
    if (known === undefined) continue;
    if (!Array.isArray(value)) checker.known(key, known, value, [...path, key]);
    for (const [i, one] of listOf(value).entries())
      checker.known(key, known, one, [...path, key, i]);
  }
}

function checkUniqueness(root: Members, findings: Findings): void {
  for (const [section, key] of [
    ['models', 'id'],
    ['instances', 'id'],
    ['tenants', 'id'],
    ['conditions', 'name'],
    ['constraints', 'name'],
    ['routes', 'name'],
    ['keys', 'id'],
  ] as const) {
    const ids = entriesOf(root[section]).map(([, members]) => members[key]);
    addRepeats(findings, ids, (i) => [section, i, key], 'stands more than once: give each its own');
  }
  for (const [kind, definitions] of Object.entries(membersOf(root['signals']))) {
    const names = entriesOf(definitions).map(([, members]) => members['name']);
    addRepeats(
      findings,
      names,
      (i) => ['signals', kind, i, 'name'],
      'stands more than once: give each its own',
    );
  }
  const hashes = entriesOf(root['keys']).map(([, key]) => String(key['sha256']).toLowerCase());
  addRepeats(findings, hashes, (i) => ['keys', i, 'sha256'], 'is the same key as one above');
  const budgets = entriesOf(root['budgets']).map(([, budget]) => budget['id'] ?? budgetId(budget));
  addRepeats(
    findings,
    budgets,
    (i) => ['budgets', i],
    'has the id, or the scope and period, of a budget above: merge them, or give each an id',
  );
}

function addRepeats(
  findings: Findings,
  values: readonly unknown[],
  pathOf: (index: number) => Path,
  message: string,
): void {
  const seen = new Set<unknown>();
  for (const [i, value] of values.entries()) {
    if (typeof value === 'string' && seen.has(value)) findings.add(pathOf(i), message);
    seen.add(value);
  }
}

function checkModels(root: Members, findings: Findings): void {
  const kinds = new Map(entriesOf(root['models']).map(([, model]) => [model['id'], model['kind']]));
  for (const [i, model] of entriesOf(root['models'])) {
    if (typeof model['id'] === 'string' && virtualModel(model['id']) !== null) {
      findings.add(['models', i, 'id'], 'is the name of a virtual model: choose another');
    }
  }
  for (const { members, path } of ruleSetsOf(root)) {
    for (const [i, route] of entriesOf(members['routes'])) {
      for (const [j, id] of listOf(membersOf(route['use'])['models']).entries()) {
        if (kinds.get(id) !== 'embedding') continue;
        findings.add(
          [...path, 'routes', i, 'use', 'models', j],
          'is an embedding model: clients name these, no route chooses them',
        );
      }
    }
  }
}

/** A mode of the file's own has no built-in prices to fall back on. */
function checkModes(root: Members, findings: Findings): void {
  for (const [name, prices] of Object.entries(membersOf(root['modes']))) {
    if (BUILT_IN_MODES.has(name)) continue;
    for (const key of ['usdPerError', 'usdPerSecond', 'usdPerKilojoule']) {
      if (membersOf(prices)[key] !== undefined) continue;
      findings.add(['modes', name], `${key} is missing: a mode of your own needs all three prices`);
    }
  }
}
