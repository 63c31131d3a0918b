import type { RuleNode, RuleTree } from '../../contract/index.ts';
import type { Condition, Readings } from './condition.ts';
import { explainCondition, Replay, unreached } from './explain.ts';
import type { CompiledConstraint, CompiledRoute } from './rules.ts';

/** Replays constraints and routes over what was read, and stops where the decision stopped. */
export function explainRules(
  constraints: readonly CompiledConstraint[],
  routes: readonly CompiledRoute[],
  readings: Readings,
): RuleTree {
  const replay = new Replay(readings);
  let isOpen = true;
  const constraintNodes = constraints.map((constraint): RuleNode => {
    const node = ruleNode(constraint.text, constraint.condition, isOpen ? replay : null, true);
    if (node.value === undefined || (constraint.refusal !== null && node.value !== false)) {
      isOpen = false;
    }
    return node;
  });
  const routeNodes = routes.map((route): RuleNode => {
    const node = ruleNode(route.name, route.condition, isOpen ? replay : null, false);
    if (node.value === undefined || node.value === true) isOpen = false;
    return node;
  });
  return { constraints: constraintNodes, routes: routeNodes };
}

/** Without a replay, the node was never reached. */
function ruleNode(
  text: string,
  condition: Condition | null,
  replay: Replay | null,
  unknownAs: boolean,
): RuleNode {
  if (condition === null) {
    return { text, value: replay === null ? undefined : true, children: [] };
  }
  if (replay === null) return { text, value: undefined, children: [unreached(condition)] };
  const child = explainCondition(condition, unknownAs, replay);
  return { text, value: child.value, children: [child] };
}
