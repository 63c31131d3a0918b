import type { OfflineRequest, PolicyProblem } from '../../contract/index.ts';
import type { Findings, Path } from '../document/place.ts';
import { scrub } from '../document/scrub.ts';
import type { PolicyFile } from '../schema/index.ts';
import { offlineRequestOf } from './read-request.ts';

/** What a test expects: an absent member leaves it open. */
export type Expectation = PolicyFile['tests'][number]['expect'];

/** One entry under `tests` of a policy. */
export interface PolicyTest {
  /** Its own, or what it asks and where it stands. */
  readonly name: string;
  readonly request: OfflineRequest;
  readonly expect: Expectation;
  /** What is wrong, with its place in the file; `path` is relative to the test. Secrets are left out. */
  problem(path: Path, message: string): PolicyProblem;
}

const NAME_CHARACTERS = 60;

export function policyTests(
  tests: PolicyFile['tests'],
  findings: Findings,
  secrets: ReadonlyMap<string, string>,
): readonly PolicyTest[] {
  return tests.map((test, i): PolicyTest => {
    const request = offlineRequestOf(test.request);
    return {
      name: test.name ?? `tests[${i}]${shown(request)}`,
      request,
      expect: test.expect,
      problem: (path, message) =>
        scrub(findings.problemAt(['tests', i, ...path], message, { at: 'value' }), secrets),
    };
  });
}

function shown({ text }: OfflineRequest): string {
  if (text === undefined) return '';
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const isLong = line.length > NAME_CHARACTERS;
  return `: ${isLong ? `${line.slice(0, NAME_CHARACTERS)}…` : line}`;
}
