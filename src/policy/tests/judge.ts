import type { DecisionView } from '../../contract/index.ts';
import type { Path } from '../document/place.ts';
import { appliedConstraints } from './features.ts';
import type { Expectation } from './policy-test.ts';

/** An expectation that the decision does not meet: its path below the test, and what came instead. */
export interface Miss {
  readonly path: Path;
  readonly message: string;
}

/** What a decision lacks of what is expected of it; empty where it is as expected. */
export function judge(expected: Expectation, view: DecisionView): readonly Miss[] {
  return JUDGES.flatMap((judgeOne) => judgeOne(expected, view)).map(({ path, message }) => ({
    path: ['expect', ...path],
    message,
  }));
}

type Judge = (expected: Expectation, view: DecisionView) => readonly Miss[];

const JUDGES: readonly Judge[] = [
  judgeRefusal,
  ({ route }, view) => isOne('route', route, view.route, view),
  ({ mode }, view) => isOne('mode', mode, view.mode, view),
  ({ model }, view) => isOne('model', model, winnerOf(view)?.model ?? null, view),
  ({ instance }, view) => isOne('instance', instance, view.winner, view),
  ({ answer }, view) => contains('answer', answer, textOf(view.answer)),
  ({ reasoning }, view) =>
    isOne('reasoning', reasoning, view.injection?.reasoning ?? 'unset', view),
  judgeMaxTokens,
  ({ systemPrompt }, view) =>
    contains('systemPrompt', systemPrompt, view.injection?.systemPrompt?.text),
  judgeSet,
  judgeConstraints,
  judgeBids,
];

const quoted = (text: string): string => `"${text}"`;

function judgeRefusal({ refused }: Expectation, { refusal }: DecisionView): readonly Miss[] {
  if (refused === undefined) return [];
  const wanted = refused === true ? 'a refusal' : `a refusal (${refused})`;
  if (refused === false) {
    return refusal === null ? [] : [miss('refused', 'no refusal', saidOf(refusal))];
  }
  if (refusal === null) return [miss('refused', wanted, 'none')];
  const isMet = refused === true || refused === refusal.reason;
  return isMet ? [] : [miss('refused', wanted, saidOf(refusal))];
}

/** A decision that was refused, or answered by its route, has no winner: what it was says more than "none". */
function isOne(
  key: string,
  expected: string | readonly string[] | undefined,
  got: string | null,
  view: DecisionView,
): readonly Miss[] {
  if (expected === undefined) return [];
  const wanted = typeof expected === 'string' ? [expected] : expected;
  if (got !== null && wanted.includes(got)) return [];
  return [miss(key, wanted.map(quoted).join(' or '), got === null ? insteadOf(view) : quoted(got))];
}

function insteadOf({ refusal, answer }: DecisionView): string {
  if (refusal !== null) return saidOf(refusal);
  return answer === undefined ? 'none' : 'a fixed answer';
}

const saidOf = ({ reason, message }: NonNullable<DecisionView['refusal']>): string =>
  `a refusal (${reason}: ${message})`;

function contains(
  key: string,
  expected: string | boolean | undefined,
  got: string | undefined,
): readonly Miss[] {
  if (expected === undefined) return [];
  const told = got === undefined ? 'none' : quoted(shortened(got));
  if (expected === false) return got === undefined ? [] : [miss(key, 'none', told)];
  if (got === undefined) return [miss(key, expected === true ? 'one' : quoted(expected), 'none')];
  if (expected === true || got.includes(expected)) return [];
  return [miss(key, `one with ${quoted(expected)} in it`, told)];
}

/** A limit that is chosen from the expected length differs by bidder: the winner's counts. */
function judgeMaxTokens({ maxTokens }: Expectation, view: DecisionView): readonly Miss[] {
  if (maxTokens === undefined) return [];
  const got = winnerOf(view)?.limitTokens ?? view.injection?.maxOutputTokens ?? null;
  const told = got === null ? 'none' : String(got);
  if (typeof maxTokens === 'number') {
    return got === maxTokens ? [] : [miss('maxTokens', String(maxTokens), told)];
  }
  const { atLeast = 0, atMost = Number.POSITIVE_INFINITY } = maxTokens;
  if (got !== null && got >= atLeast && got <= atMost) return [];
  const bounds = [
    ...(maxTokens.atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(maxTokens.atMost === undefined ? [] : [`at most ${atMost}`]),
  ];
  return [miss('maxTokens', bounds.join(' and '), told)];
}

function judgeSet({ set = {} }: Expectation, { injection }: DecisionView): readonly Miss[] {
  return Object.entries(set).flatMap(([pointer, expected]) => {
    const got = injection?.set[pointer];
    if (got !== undefined && isSame(JSON.parse(got), expected)) return [];
    return [
      {
        path: ['set', pointer],
        message: `expected ${JSON.stringify(expected)}, got ${got === undefined ? 'nothing' : shortened(got)}`,
      },
    ];
  });
}

/** Whether two JSON values are equal; the order of members says nothing. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const members = new Map(Object.entries(b));
  const entries = Object.entries(a);
  return (
    entries.length === members.size &&
    entries.every(([key, value]) => members.has(key) && isSame(value, members.get(key)))
  );
}

function judgeConstraints({ constraints }: Expectation, view: DecisionView): readonly Miss[] {
  if (constraints === undefined) return [];
  const applied = appliedConstraints(view);
  const told = applied.length === 0 ? 'none' : applied.join(', ');
  if (constraints.length === 0) {
    return applied.length === 0 ? [] : [miss('constraints', 'none', told)];
  }
  return constraints.flatMap((name, i) =>
    applied.includes(name)
      ? []
      : [{ path: ['constraints', i], message: `expected ${quoted(name)} to apply, got ${told}` }],
  );
}

function judgeBids({ notModels = [] }: Expectation, { bids }: DecisionView): readonly Miss[] {
  return notModels.flatMap((model, i) => {
    const bid = bids.find((each) => each.model === model);
    if (bid === undefined) return [];
    const message = `expected no bid of ${quoted(model)}, got one of the instance ${quoted(bid.instance)}`;
    return [{ path: ['notModels', i], message }];
  });
}

const winnerOf = ({ bids, winner }: DecisionView): DecisionView['bids'][number] | undefined =>
  bids.find(({ instance }) => instance === winner);

const textOf = (answer: DecisionView['answer'] | { readonly text: string }): string | undefined =>
  typeof answer === 'object' ? answer.text : answer;

const TEXT_CHARACTERS = 80;

const shortened = (text: string): string =>
  text.length <= TEXT_CHARACTERS ? text : `${text.slice(0, TEXT_CHARACTERS)}…`;

const miss = (key: string, expected: string, got: string): Miss => ({
  path: [key],
  message: `expected ${expected}, got ${got}`,
});
