import { Names, routeNames } from '../draft/names.ts';
import type { DraftValue, PolicyDraft } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { leaveOut } from '../foreign/leave-out.ts';
import { takeNumber, takeText } from '../foreign/take.ts';
import { importRules } from './conditions.ts';
import { importAlgorithm, importModelRefs } from './model-refs.ts';
import type { ModelIds } from './models.ts';
import { importPlugins } from './plugins.ts';
import { takeEffort } from './reasoning.ts';
import type { Effort } from './reasoning.ts';
import { Signals } from './signals.ts';

interface Decision {
  readonly node: ForeignNode;
  readonly priority: number;
  /** Lower is tried first; those without a tier come last. */
  readonly tier: number;
}

interface Scene {
  readonly signals: Signals;
  readonly ids: ModelIds;
  readonly effortDefault: Effort;
  readonly draft: PolicyDraft;
  readonly names: { readonly routes: Names; readonly constraints: Names };
  /** Conditions of the routes so far: they are tried before the decision at hand. */
  readonly before: DraftValue[];
}

const NEVER_REACHED = 'it is never reached: a decision before it always matches';
const PRIORITY_MAX = 1e9;

/** Decisions become routes; those that answer at once become constraints that refuse. */
export function importDecisions(root: ForeignNode, ids: ModelIds, draft: PolicyDraft): void {
  const routing = root.at('routing');
  const defaults = root.at('providers')?.at('defaults') ?? null;
  const scene: Scene = {
    signals: new Signals(routing?.at('signals') ?? null, draft),
    ids,
    effortDefault: takeEffort(defaults?.at('default_reasoning_effort') ?? null) ?? 'medium',
    draft,
    names: { routes: routeNames(), constraints: new Names() },
    before: [],
  };
  noteStrategy(routing?.at('strategy') ?? null);
  const decisions = readOrder(routing?.at('decisions')?.items ?? []);
  const hasTiers = decisions.some(({ tier }) => tier !== Infinity);
  let isOpen = true;
  let lowest = 0;
  for (const [i, decision] of decisions.entries()) {
    const priority = hasTiers ? decisions.length - i : decision.priority;
    if (!isOpen) decision.node.drop(NEVER_REACHED);
    else isOpen = importDecision(decision.node, priority, scene);
    lowest = Math.min(lowest, priority);
  }
  importDefault(defaults?.at('default_model') ?? null, isOpen, lowest - 1, scene);
  scene.signals.settle();
}

function noteStrategy(node: ForeignNode | null): void {
  const strategy = takeText(node);
  if (strategy !== null && strategy !== 'priority') {
    node?.change('routes are tried by priority; confidence does not order them');
  }
}

function readOrder(nodes: readonly ForeignNode[]): readonly Decision[] {
  const decisions = nodes.map((node) => {
    const tierNode = node.at('tier');
    const tier = takeNumber(tierNode, { isWhole: true }) ?? 0;
    if (tier > 0) tierNode?.change('is in the priority');
    const range = { min: -PRIORITY_MAX, max: PRIORITY_MAX, isWhole: true };
    const priority = takeNumber(node.at('priority'), range) ?? 0;
    return { node, priority, tier: tier > 0 ? tier : Infinity };
  });
  return decisions.sort((a, b) => (a.tier === b.tier ? b.priority - a.priority : a.tier - b.tier));
}

/** Answers whether decisions after this one can be reached. */
function importDecision(node: ForeignNode, priority: number, scene: Scene): boolean {
  const { refusal, use } = importPlugins(node.at('plugins'));
  if (refusal !== null) return importRefusal(node, refusal, scene);
  const models = importModelRefs(node, scene.ids, scene.effortDefault);
  if (models === null) {
    node.drop('the route is left out: none of its models is in the policy');
    return true;
  }
  const rules = importRules(node.at('rules'), scene.signals, 'no_match');
  if (rules === null) {
    leaveOutFor(node, 'the route');
    return true;
  }
  const condition = rules === 'always' ? null : rules;
  const route = {
    name: nameOf(node, scene.names.routes),
    priority,
    ...(condition !== null && { when: condition.value }),
    use: { ...models, mode: importAlgorithm(node), ...use },
  };
  scene.draft.add('routes', route, `from ${node.origin}`);
  if (condition === null) return false;
  scene.signals.use(condition.reads);
  scene.before.push(condition.value);
  return true;
}

function importRefusal(node: ForeignNode, refusal: string, scene: Scene): boolean {
  const rules = importRules(node.at('rules'), scene.signals, 'match');
  if (rules === null) {
    leaveOutFor(node, 'the constraint');
    return true;
  }
  const condition = rules === 'always' ? null : rules;
  node.at('modelRefs')?.drop('a request that is refused has no model');
  const when = guard(condition?.value ?? null, scene.before);
  const constraint = {
    name: nameOf(node, scene.names.constraints),
    ...(when !== null && { when }),
    refuse: refusal,
  };
  scene.draft.add('constraints', constraint, `from ${node.origin}`);
  if (condition === null) return false;
  scene.signals.use(condition.reads);
  return true;
}

function nameOf(node: ForeignNode, names: Names): string {
  const nameNode = node.at('name');
  const name = takeText(nameNode);
  return name === null || nameNode === null
    ? names.give('decision')
    : names.giveFor(name, nameNode);
}

/** The reason is that of its rules, not of a plugin or a model that was dropped before. */
function leaveOutFor(node: ForeignNode, what: string): void {
  const rules = node.at('rules');
  if (rules !== null) leaveOut(rules, 'its rules cannot be said in a policy');
  const reason = rules?.notes.at(-1)?.reason ?? 'its rules cannot be said in a policy';
  node.drop(`${what} is left out: ${reason}`);
}

/** Constraints go before all routes: one that stands after some must not apply where they match. */
function guard(condition: DraftValue | null, before: readonly DraftValue[]): DraftValue | null {
  if (before.length === 0) return condition;
  const none = { not: before.length === 1 ? before[0]! : { any: [...before] } };
  return condition === null ? none : { all: [condition, none] };
}

function importDefault(
  node: ForeignNode | null,
  isReached: boolean,
  priority: number,
  { ids, draft, names }: Scene,
): void {
  const name = takeText(node);
  if (node === null || name === null) return;
  const id = ids.get(name);
  if (id === undefined) node.drop('no model of this name is in the policy');
  else if (!isReached) node.drop(NEVER_REACHED);
  else {
    const route = { name: names.routes.give('default'), priority, use: { models: [id] } };
    draft.add('routes', route, `from ${node.origin}`);
  }
}
