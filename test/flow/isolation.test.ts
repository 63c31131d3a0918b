import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TURN, TwoTenants, headerOf } from './two-tenants.ts';
import type { Got, Question, Sharing, Turn } from './two-tenants.ts';

/**
 * Two tenants at one exchange over HTTP. What `beta` gets is written down twice, with and without what `alpha`
 * does in between, at exchanges that begin alike; the two are to be the same to the byte. What is held still is
 * the fleet's and the operator's: telemetry, load, what is learned of engines, time and chance.
 */

const APART: Sharing = { scope: 'tenant', prefixes: 'tenant' };

async function transcript(
  turns: readonly Turn[],
  { isAlone, sharing }: { readonly isAlone: boolean; readonly sharing: Sharing },
): Promise<readonly Got[]> {
  const tenants = await TwoTenants.open(sharing);
  try {
    return canonical(await tenants.play(turns, isAlone));
  } finally {
    await tenants.close();
  }
}

/**
 * Gives names to what differs from exchange to exchange, whoever is there. Decision ids are random: those that
 * `beta` got are numbered in the order of its answers, all others are another's. The date is Node's own, of the
 * wall clock. Nothing else is touched: times, ages, costs and lengths stand as they came.
 */
function canonical(got: readonly Got[]): readonly Got[] {
  const names = new Map<string, string>();
  for (const answer of got.flatMap(({ answers }) => answers)) {
    const id = headerOf(answer, 'x-bourse-decision-id');
    if (id !== null && !names.has(id)) names.set(id, `<decision ${names.size}>`);
  }
  const text = JSON.stringify(got)
    .replaceAll(/d-0-[0-9a-z]{27}/g, (id) => names.get(id) ?? '<of another>')
    .replaceAll(/"Date","[^"]*"/g, '"Date","<date>"');
  return JSON.parse(text) as readonly Got[];
}

const statuses = new Map<string, number>();

function countStatuses(got: readonly Got[]): void {
  for (const answer of got.flatMap(({ answers }) => answers)) {
    const status = headerOf(answer, 'x-bourse-cache') ?? `${answer.status}`;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
}

const propertyOf = (sharing: Sharing) =>
  fc.asyncProperty(fc.array(TURN, { minLength: 30, maxLength: 50 }), async (turns) => {
    const alone = await transcript(turns, { isAlone: true, sharing });
    countStatuses(alone);
    expect(await transcript(turns, { isAlone: false, sharing })).toEqual(alone);
  });

/** Fewer turns that still fail are looked for, but not for ever. */
const SHRINKING_MS_MAX = 30_000;

describe('nothing that another tenant does changes what a tenant gets', () => {
  test('not a status, not a header, not a byte of a body', async () => {
    statuses.clear();
    const limits = { interruptAfterTimeLimit: SHRINKING_MS_MAX };
    await fc.assert(propertyOf(APART), { numRuns: 8, ...limits });
    // The property means something only where there was something to get.
    for (const status of ['hit', 'semantic', 'miss', 'bypass', '404']) {
      expect(statuses.get(status) ?? 0, status).toBeGreaterThan(0);
    }
  });
});

const ask = (text: number, more: Partial<Question> = {}): Turn['step'] & { kind: 'ask' } => ({
  kind: 'ask',
  question: {
    surface: 'chat',
    isStream: false,
    text,
    greeting: 0,
    withManual: false,
    model: 'auto',
    session: null,
    continues: false,
    isToolLoop: false,
    cacheControl: null,
    ...more,
  },
});

describe('it shows where the operator lets tenants share', () => {
  const both = (step: Turn['step'] & { kind: 'ask' }): readonly Turn[] => [
    { tenant: 'alpha', step },
    { tenant: 'beta', step },
  ];
  const lastOf = async (turns: readonly Turn[], sharing: Sharing, isAlone = false) =>
    (await transcript(turns, { isAlone, sharing })).at(-1)!.answers[0]!;

  test('stored answers', async () => {
    const turns = both(ask(6));
    const shared: Sharing = { ...APART, scope: 'everyone' };
    const status = async (...asked: Parameters<typeof lastOf>) =>
      headerOf(await lastOf(...asked), 'x-bourse-cache');
    expect(await status(turns, shared)).toBe('hit');
    expect(await status(turns, shared, true)).toBe('miss');
    expect(await status(turns, APART)).toBe('miss');
  });

  test("what an engine keeps of a prompt: another's shows in the price of an answer", async () => {
    const turns = both(ask(6, { withManual: true, cacheControl: 'no-store' }));
    const shared: Sharing = { ...APART, prefixes: 'everyone' };
    const charged = async (...asked: Parameters<typeof lastOf>) =>
      Number(headerOf(await lastOf(...asked), 'x-bourse-charged-usd'));
    const alone = await charged(turns, APART, true);
    expect(await charged(turns, APART)).toBe(alone);
    expect(await charged(turns, shared)).toBeLessThan(alone / 2);
  });

  test('and the property above fails', async () => {
    const shared: Sharing = { scope: 'everyone', prefixes: 'everyone' };
    const found = await fc.check(propertyOf(shared), { numRuns: 5, endOnFailure: true });
    expect(found.failed).toBe(true);
  });
});
