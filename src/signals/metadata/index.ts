import { ConfigIssue } from '../../contract/index.ts';
import type { Claim, Signal, Workload } from '../../contract/index.ts';
import { not } from '../claims.ts';
import { flagOf, membersOf, oneOrMany, textOf, textsOf } from '../shape.ts';

/** Headers that carry credentials: what a policy read of them could be guessed from decisions. */
const SECRET_HEADERS = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'api-key'];

/** What claims call a header that was not sent: no header can have this value. */
const NOT_SENT = '\0';

type HeaderTest = (value: string | undefined) => boolean;

/**
 * `metadata: { header: x-team, equals: search }`. Headers are the client's word: good for routes,
 * no protection in a constraint. The reading is the outcome of the test, so that decisions keep none
 * of the client's text.
 */
export const metadataSignal: Signal = {
  apiVersion: 1,
  kind: 'metadata',
  definitionSchema: null,
  conditionSchema: {
    description: 'A request header, compared exactly. The client sets it: it proves nothing.',
    type: 'object',
    properties: {
      header: {
        description: 'Its name.',
        type: 'string',
        pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
      },
      equals: { type: 'string', description: 'Its value.' },
      oneOf: { ...oneOrMany({ type: 'string' }), description: 'Its value is one of these.' },
      exists: { type: 'boolean', description: 'Whether it was sent.' },
    },
    required: ['header'],
    additionalProperties: false,
    minProperties: 2,
    maxProperties: 2,
  },
  compile(condition) {
    const members = membersOf(condition, ['header', 'equals', 'oneOf', 'exists']);
    const header = headerName(members['header']);
    const { test, text, claim } = compileTest(members, header);
    const read = (workload: Workload) => ({ value: test(workload.header(header)), confidence: 1 });
    return {
      slot: { key: `metadata: ${header} ${text}`, kind: 'metadata', cost: 'free', read },
      test: (reading) => reading.value === true,
      text: `metadata: ${header} ${text}`,
      claim,
    };
  },
};

function headerName(value: unknown): string {
  const header = textOf(value, ['header']).toLowerCase();
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(header)) {
    throw new ConfigIssue('must be the name of a header', ['header']);
  }
  if (SECRET_HEADERS.includes(header)) {
    throw new ConfigIssue(
      `"${header}" carries credentials: write a condition on role instead`,
      ['header'],
      'role',
    );
  }
  return header;
}

function compileTest(
  members: Readonly<Record<string, unknown>>,
  header: string,
): {
  readonly test: HeaderTest;
  readonly text: string;
  readonly claim: Claim;
} {
  const isAmong = (texts: readonly string[]): Claim => ({
    kind: 'among',
    of: { kind: 'choice', name: `header ${header}`, texts: null },
    texts,
  });
  if (Object.keys(members).length !== 2) {
    throw new ConfigIssue('must have header and exactly one of equals, oneOf, exists');
  }
  if ('exists' in members) {
    const wanted = flagOf(members['exists'], ['exists']);
    return {
      test: (value) => (value !== undefined) === wanted,
      text: wanted ? 'exists' : 'does not exist',
      claim: wanted ? not(isAmong([NOT_SENT])) : isAmong([NOT_SENT]),
    };
  }
  const key = 'equals' in members ? 'equals' : 'oneOf';
  const wanted = new Set(
    key === 'equals' ? [textOf(members[key], [key])] : textsOf(members[key], [key]),
  );
  return {
    test: (value) => value !== undefined && wanted.has(value),
    text: `= ${[...wanted].map((value) => JSON.stringify(value)).join(' or ')}`,
    claim: isAmong([...wanted]),
  };
}
