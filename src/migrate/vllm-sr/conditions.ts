import type { DraftValue } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { leaveOut } from '../foreign/leave-out.ts';
import { takeText } from '../foreign/take.ts';
import { isImpossible, takeComparison } from './comparisons.ts';
import type { KnownSignal, Signals } from './signals.ts';

export interface Condition {
  readonly value: DraftValue;
  readonly reads: readonly KnownSignal[];
}

/** `always` where the rules are empty; null where they cannot be said, which their nodes then tell. */
export type ImportedRules = Condition | 'always' | null;

/** What an unknown signal does: it counts as matching in a constraint, as not matching in a route. */
export type Doubt = 'match' | 'no_match';

/** Translates the rules of a decision: AND, OR, NOT over signals. */
export function importRules(
  rules: ForeignNode | null,
  signals: Signals,
  doubt: Doubt,
): ImportedRules {
  if (rules === null) return 'always';
  const isEmpty = rules.at('conditions') === null && rules.at('type') === null;
  if (!isEmpty) return importNode(rules, signals, doubt);
  if (rules.scalar === null || rules.isMap) {
    if (rules.entries.length === 0) rules.carry();
    takeText(rules.at('operator'));
    return 'always';
  }
  rules.drop('are no mapping with conditions');
  return null;
}

function importNode(node: ForeignNode, signals: Signals, doubt: Doubt): ImportedRules {
  return node.at('conditions') === null
    ? importLeaf(node, signals, doubt)
    : importJunction(node, signals, doubt);
}

function importJunction(node: ForeignNode, signals: Signals, doubt: Doubt): ImportedRules {
  const operator = (takeText(node.at('operator')) ?? 'AND').toUpperCase();
  const list = node.at('conditions')!;
  if (list.content.kind !== 'list' && list.scalar !== null) {
    list.drop('is no list of conditions');
    return null;
  }
  const children = list.items.map((child) => importNode(child, signals, doubt));
  const said = children.filter((child) => child !== null && child !== 'always');
  if (children.length === 0) list.carry();
  if (operator === 'AND') {
    if (children.includes(null)) return null;
    return said.length === 0 ? 'always' : joined('all', said);
  }
  if (operator === 'OR') {
    if (children.length === 0 || children.includes('always')) return 'always';
    if (said.length === 0) return null;
    if (children.includes(null)) {
      (node.at('operator') ?? list).change(
        'goes on without the alternatives that were not carried',
      );
      for (const [i, child] of list.items.entries()) {
        if (children[i] === null) leaveOut(child, 'the alternative is left out');
      }
    }
    return joined('any', said);
  }
  const [only] = said;
  if (operator === 'NOT' && children.length === 1 && only !== undefined) {
    return { value: { not: only.value }, reads: only.reads };
  }
  const isNot = operator === 'NOT';
  if (!isNot || children.length !== 1) {
    node.drop(isNot ? 'NOT takes one condition' : 'its operator is none of AND, OR and NOT');
  }
  return null;
}

function unsaid(node: ForeignNode, reason: string): null {
  node.drop(`the condition cannot be said in a policy: ${reason}`);
  return null;
}

function joined(connective: 'all' | 'any', children: readonly Condition[]): Condition {
  const values = children.map(({ value }) => value);
  return {
    value: values.length === 1 ? values[0]! : { [connective]: values },
    reads: children.flatMap(({ reads }) => reads),
  };
}

function importLeaf(node: ForeignNode, signals: Signals, doubt: Doubt): Condition | null {
  const type = takeText(node.at('type'));
  const full = takeText(node.at('name'));
  if (type === null || full === null) {
    node.drop('the condition has no type, or no name');
    return null;
  }
  const colon = type === 'complexity' ? full.lastIndexOf(':') : -1;
  const name = colon < 0 ? full : full.slice(0, colon);
  const level = colon < 0 ? null : full.slice(colon + 1);
  const comparison = takeComparison(node);
  const known = signals.find(type, name);
  if (known === null) return unsaid(node, 'no signal of this type and name could be carried');
  if (typeof known.meaning === 'string') return unsaid(node, known.meaning);
  if (isImpossible(comparison)) return unsaid(node, 'its bounds exclude each other');
  const condition = known.meaning.condition({ level, comparison });
  if (typeof condition === 'string') return unsaid(node, condition);
  const errorNode = node.at('on_error');
  const onError = takeText(errorNode);
  if (onError !== null && onError !== doubt) {
    const where = doubt === 'match' ? 'matching in a constraint' : 'not matching in a route';
    errorNode?.change(`a signal that fails counts as ${where}`);
  }
  return { value: condition, reads: [known] };
}
