import type { DecisionView, RuleNode } from '../../contract/index.ts';

/** Something that a decision shows of its policy, in words. */
export interface Feature {
  readonly text: string;
  /** How near to a threshold: of two decisions that show it, the nearer one shows it better. 0 where there is none. */
  readonly distance: number;
}

/** What a test of this decision would cover. */
export function featuresOf(view: DecisionView): readonly Feature[] {
  const { route, refusal, answer, rules } = view;
  const winner = view.bids.find(({ instance }) => instance === view.winner);
  const plain = [
    ...(route === null ? [] : [`route ${route}`]),
    ...(refusal === null ? [] : [`refused: ${refusal.reason}`]),
    ...(answer === undefined ? [] : [`answer of ${route}`]),
    ...(winner === undefined ? [] : [`${route} to ${winner.model}`]),
    ...appliedConstraints(view).map((name) => `constraint ${name}`),
  ];
  const leaves = [...rules.constraints, ...rules.routes].flatMap(leavesOf);
  return [
    ...plain.map((text) => ({ text, distance: 0 })),
    ...leaves.flatMap((leaf) => [...truthOf(leaf), ...edgesOf(leaf, view)]),
  ];
}

/** Unknown counts as matching; what was never evaluated applied to nobody. */
export function appliedConstraints({ rules }: DecisionView): readonly string[] {
  return rules.constraints
    .filter(({ value }) => value === true || value === null)
    .map(({ text }) => text.slice(0, text.indexOf(': ')));
}

const leavesOf = (node: RuleNode): readonly RuleNode[] =>
  node.children.length === 0 ? [node] : node.children.flatMap(leavesOf);

function truthOf({ text, value }: RuleNode): readonly Feature[] {
  if (value === undefined) return [];
  const truth = value === null ? 'is unknown' : value ? 'holds' : 'fails';
  return [{ text: `${text} ${truth}`, distance: 0 }];
}

/** For example `complexity >= 0.4`, `structure.codeBlocks >= 1 and < 3`. */
const COMPARISON = /^([\w-]+)(?:\.(\w+))? ([<>]=? .*)$/;
/** For example `queue >= 20`, one of several after `pool site: on-prem: `. */
const POOL_PART = /^(\w+) ([<>]=? .*)$/;

interface Compared {
  readonly key: string;
  readonly member: string | undefined;
  readonly bounds: string;
}

function comparedIn(text: string): readonly Compared[] {
  const [, key, member, bounds] = COMPARISON.exec(text) ?? [];
  if (key !== undefined) return [{ key, member, bounds: bounds! }];
  if (!/^pool[ :]/.test(text)) return [];
  const colon = text.lastIndexOf(': ');
  const parts = text.slice(colon + 2).split(', ');
  return parts.flatMap((part) => {
    const [, name, compared] = POOL_PART.exec(part) ?? [];
    if (name === undefined) return [];
    return [{ key: text.slice(0, colon), member: name, bounds: compared! }];
  });
}

function edgesOf({ text, value }: RuleNode, view: DecisionView): readonly Feature[] {
  if (typeof value !== 'boolean') return [];
  return comparedIn(text).flatMap(({ key, member, bounds }) => {
    const read = numberOf(view, key, member);
    if (read === null) return [];
    const of = `${key}${member === undefined ? '' : `.${member}`}`;
    return [...bounds.matchAll(/[<>]=? (-?[\d.]+)/g)].map(([bound, limit]) => ({
      text: `${of} ${bound} just ${value ? 'holds' : 'fails'}`,
      distance: Math.abs(read - Number(limit)),
    }));
  });
}

/** The reading of a signal, the surer one of two speeds. */
function numberOf(
  { signals }: DecisionView,
  key: string,
  member: string | undefined,
): number | null {
  const known = signals.filter((signal) => signal.state === 'known');
  const signal =
    known.find((each) => each.key === `${key}.deep`) ??
    known.find((each) => each.key === key || each.key.startsWith(`${key}: `));
  const value =
    member === undefined
      ? signal?.value
      : (signal?.value as Readonly<Record<string, unknown>> | undefined)?.[member];
  return typeof value === 'number' ? value : null;
}
