import type { RuleNode } from '../../contract/index.ts';
import { negate } from './condition.ts';
import type { Condition, OpenTruth, Readings } from './condition.ts';
import { joined, surest } from './evaluator.ts';

/** A node with what the evaluator made of it; undefined where it was open or never reached. */
interface Replayed {
  readonly node: RuleNode;
  readonly truth: OpenTruth;
  readonly isReached: boolean;
}

/**
 * Replays a condition over what was read: the same order and the same short circuits as the
 * evaluator, so a node that it never reached has no value here either.
 */
export function explainCondition(
  condition: Condition,
  readings: Readings,
  unknownAs: boolean,
): RuleNode {
  return replay(condition, readings, unknownAs).node;
}

function replay(condition: Condition, readings: Readings, unknownAs: boolean): Replayed {
  if (condition.kind === 'leaf') return replayLeaf(condition, readings);
  if (condition.kind === 'not') {
    const { node, truth, isReached } = replay(condition.child, readings, !unknownAs);
    return replayed('not', negate(truth), isReached, [node]);
  }
  const decisive = condition.kind === 'any';
  let truth: OpenTruth = !decisive;
  let isRunning = true;
  let isReached = true;
  const children = condition.children.map((child) => {
    if (!isRunning) return unreached(child);
    const found = replay(child, readings, unknownAs);
    const isSettled =
      !found.isReached ||
      found.truth === decisive ||
      (found.truth === null && unknownAs === decisive);
    truth = isSettled ? found.truth : joined(truth, found.truth);
    if (!found.isReached) isReached = false;
    if (isSettled) isRunning = false;
    return found.node;
  });
  return replayed(condition.kind, truth, isReached, children);
}

function replayLeaf(leaf: Condition & { readonly kind: 'leaf' }, readings: Readings): Replayed {
  const { slot, text, judge, deep } = leaf;
  const reading = readings[slot];
  if (reading === undefined) return { node: unreached(leaf), truth: undefined, isReached: false };
  if (deep === null || !deep.isDoubtful(reading)) return replayed(text, judge(reading), true, []);
  const surer = readings[deep.slot];
  const truth = surer === undefined ? undefined : judge(surest(reading, surer));
  return replayed(text, truth, true, []);
}

function replayed(
  text: string,
  truth: OpenTruth,
  isReached: boolean,
  children: readonly RuleNode[],
): Replayed {
  const isOpen = truth === undefined && isReached;
  const node: RuleNode = isOpen
    ? { text, value: null, isDoubtful: true, children }
    : { text, value: truth, children };
  return { node, truth, isReached };
}

/** The tree of a condition that was not evaluated. */
export function unreached(condition: Condition): RuleNode {
  if (condition.kind === 'leaf') return { text: condition.text, value: undefined, children: [] };
  const children = condition.kind === 'not' ? [condition.child] : condition.children;
  return { text: condition.kind, value: undefined, children: children.map(unreached) };
}
