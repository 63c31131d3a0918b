import type { Decision, StoredAnswerView } from '../contract/index.ts';

/** The stored answer of a decision, as it is shown; null where there was none. */
export function storedView({ hit, candidate }: Decision): StoredAnswerView | null {
  const stored = hit?.kind === 'stored-hit' ? hit : (candidate?.hit ?? null);
  if (stored === null) return null;
  const isServed = hit !== null;
  return {
    of: stored.entry.id,
    isServed,
    ageSeconds: Math.floor(stored.ageMs / 1000),
    similarity: stored.similarity,
    wrong: candidate?.wrong ?? null,
    maxErrorRate: candidate?.maxErrorRate ?? null,
    choice:
      candidate === undefined
        ? null
        : candidate.choice === 'serve' && !isServed
          ? 'outbid'
          : candidate.choice,
  };
}
