import { Fault } from './kernel/index.ts';
import type { DecisionView, OfflineRequest, TestSuggestions } from './contract/index.ts';
import { offlineRequest, openOffline } from './app-offline.ts';
import type { Offline, OfflineOptions } from './app-offline.ts';
import {
  appliedConstraints,
  expectationOf,
  featuresOf,
  requestOfDecision,
  Selection,
  shortened,
  testsYaml,
  withLearnedReadings,
} from './policy/index.ts';
import type { SuggestedTest } from './policy/index.ts';

interface Candidate {
  readonly request: OfflineRequest;
  /** What must come out again for the test to show what it was chosen for. */
  readonly view: DecisionView;
}

/**
 * Tests for a policy, chosen from requests or from decisions that a server remembers. Rejects with
 * `BRS_CONFIG` for a policy that is not sound.
 */
export async function openSuggestions(options: OfflineOptions): Promise<TestSuggestions> {
  const offline = await openOffline(options);
  const selection = new Selection<Candidate>();
  const offer = (candidate: Candidate): void =>
    selection.offer(
      candidate,
      JSON.stringify(candidate.request).length,
      featuresOf(candidate.view),
    );
  return {
    async addRequest(value) {
      const asked = offlineRequest(value);
      const view = await offline.decide(asked).catch(unreadable);
      if (view === null) return false;
      offer({ request: withLearnedReadings(asked, view), view });
      return true;
    },
    addDecision(view) {
      offer({ request: requestOfDecision(view), view });
    },
    async choose(limit, header) {
      const chosen = selection.choose(limit);
      const tests: SuggestedTest[] = [];
      for (const { item, covers } of chosen) {
        const test = await settled(offline, item, nameOf(covers));
        if (test !== null) tests.push(test);
      }
      const dropped = chosen.length - tests.length;
      return { count: tests.length, dropped, yaml: testsYaml(tests, header) };
    },
  };
}

function unreadable(error: unknown): null {
  if (Fault.isInstance(error) && error.code !== 'BRS_OFFLINE_INPUT') return null;
  throw error;
}

/** The test in its shortest form that decides alike; null where the policy alone decides otherwise. */
async function settled(
  offline: Offline,
  { request, view }: Candidate,
  name: string,
): Promise<SuggestedTest | null> {
  for (const form of [shortened(request), request]) {
    const again = await offline.decide(form).catch(() => null);
    if (again !== null && isAlike(again, view)) {
      return { name, request: form, expect: expectationOf(again) };
    }
  }
  return null;
}

/** Who wins depends on the fleet at that time; which rules decide must not. */
function isAlike(a: DecisionView, b: DecisionView): boolean {
  return a.route === b.route && a.refusal?.reason === b.refusal?.reason && appliedAlike(a, b);
}

function appliedAlike(a: DecisionView, b: DecisionView): boolean {
  const [of, others] = [a, b].map((view) => appliedConstraints(view).join());
  return of === others;
}

const COVERS_NAMED = 3;
/** What says most of a test comes first in its name. */
const TELLING = [/^refused/, / just (holds|fails)$/, /^constraint /, /^answer /, /^route /, / to /];

function nameOf(covers: readonly string[]): string {
  const rankOf = (text: string): number => {
    const rank = TELLING.findIndex((pattern) => pattern.test(text));
    return rank < 0 ? TELLING.length : rank;
  };
  const sorted = covers.toSorted((a, b) => rankOf(a) - rankOf(b));
  const more = covers.length > COVERS_NAMED ? `, and ${covers.length - COVERS_NAMED} more` : '';
  return `${sorted.slice(0, COVERS_NAMED).join('; ')}${more}`.slice(0, NAME_CHARACTERS_MAX);
}

const NAME_CHARACTERS_MAX = 200;
