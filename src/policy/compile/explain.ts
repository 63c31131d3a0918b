import type { RuleNode, Truth } from '../../contract/index.ts';
import { negate } from './condition.ts';
import type { Condition, Readings } from './condition.ts';

/**
 * Replays a condition over what was read: the same order and the same short circuits as the
 * evaluator, so a node that it never reached has no value here either.
 */
export function explainCondition(
  condition: Condition,
  readings: Readings,
  unknownAs: boolean,
): RuleNode {
  if (condition.kind === 'leaf') {
    const reading = readings[condition.slot];
    const value = reading === undefined ? undefined : condition.judge(reading);
    return { text: condition.text, value, children: [] };
  }
  if (condition.kind === 'not') {
    const child = explainCondition(condition.child, readings, !unknownAs);
    const value = child.value === undefined ? undefined : negate(child.value);
    return { text: 'not', value, children: [child] };
  }
  const decisive = condition.kind === 'any';
  let value: Truth | undefined = !decisive;
  let isOpen = true;
  const children = condition.children.map((child) => {
    if (!isOpen) return unreached(child);
    const node = explainCondition(child, readings, unknownAs);
    const isSettled =
      node.value === undefined ||
      node.value === decisive ||
      (node.value === null && unknownAs === decisive);
    if (isSettled || node.value === null) value = node.value;
    if (isSettled) isOpen = false;
    return node;
  });
  return { text: condition.kind, value, children };
}

/** The tree of a condition that was not evaluated. */
export function unreached(condition: Condition): RuleNode {
  if (condition.kind === 'leaf') return { text: condition.text, value: undefined, children: [] };
  const children = condition.kind === 'not' ? [condition.child] : condition.children;
  return { text: condition.kind, value: undefined, children: children.map(unreached) };
}
