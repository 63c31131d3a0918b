import { describe, expect, test } from 'vitest';
import type { Store, StoreBatch, StoredVerdict } from '../../src/contract/index.ts';
import type { DecisionId, TenantId } from '../../src/kernel/index.ts';
import { EMPTY_BATCH, outcomeNamed } from './outcome-named.ts';

const sums = (tokens: bigint, picoUsd = 0n, microjoules = 0n) => ({ tokens, picoUsd, microjoules });

/** A place where a store keeps things; `open` again after `close` must find them. */
export interface StorePlace {
  open(): Promise<Store>;
  /** False where the place ends with the store, as memory does. */
  readonly isDurable: boolean;
}

/** What every `Store` does. `place` gives a fresh one to each test. */
export function storeContract(name: string, place: () => StorePlace): void {
  describe(`store contract: ${name}`, () => {
    storesOutcomes(place);
    storesVerdicts(place);
    storesBalances(place);
    survivesReopening(place);
  });
}

function storesOutcomes(place: () => StorePlace): void {
  test('an outcome comes back as it was committed', async () => {
    const store = await place().open();
    const strange = outcomeNamed('d-0-strange', {
      user: 'Zoë "quoted"\n\u0000\ud83d\ude00|=;--',
      instance: null,
      model: null,
      finishReason: null,
      ttftMs: null,
      perTokenMs: null,
      attempts: [],
      reservation: 'd-0-strange',
      costPicoUsd: Number.MAX_SAFE_INTEGER,
      status: 'aborted',
    });
    const usual = outcomeNamed('d-0-usual');
    await store.commit({ ...EMPTY_BATCH, outcomes: [strange, usual] });
    expect(await store.ledger.outcome('d-0-strange')).toEqual(strange);
    expect(await store.ledger.outcome('d-0-usual')).toEqual(usual);
    expect(await store.ledger.outcome('d-0-nobody')).toBeNull();
    await store.close();
  });

  test('an outcome that is stored already is not changed, and the rest of the batch is', async () => {
    const store = await place().open();
    const first = outcomeNamed('d-0-a');
    await store.commit({ ...EMPTY_BATCH, outcomes: [first] });
    await store.commit({
      ...EMPTY_BATCH,
      outcomes: [outcomeNamed('d-0-a', { costPicoUsd: 5 }), outcomeNamed('d-0-b')],
    });
    expect(await store.ledger.outcome('d-0-a')).toEqual(first);
    expect((await store.ledger.totals({})).requests).toBe(2);
    await store.close();
  });

  test('the latest come newest first, and no more than asked for', async () => {
    const store = await place().open();
    const names = Array.from({ length: 10 }, (_, i) => `d-0-${i}`);
    await store.commit({ ...EMPTY_BATCH, outcomes: names.map((name) => outcomeNamed(name)) });
    const latest = await store.ledger.latest(3);
    expect(latest.map((outcome) => outcome.decision)).toEqual(['d-0-9', 'd-0-8', 'd-0-7']);
    expect(await store.ledger.latest(0)).toEqual([]);
    await store.close();
  });

  test('totals are exact past 2^53 and past 2^63, by tenant and over all', async () => {
    const store = await place().open();
    const big = Number.MAX_SAFE_INTEGER;
    const outcomes = Array.from({ length: 1_100 }, (_, i) =>
      outcomeNamed(`d-0-${i}`, { costPicoUsd: big, energyMicrojoules: 3 }),
    );
    outcomes.push(outcomeNamed('d-0-other', { tenant: 'other' as TenantId, costPicoUsd: 1 }));
    await store.commit({ ...EMPTY_BATCH, outcomes });
    expect(await store.ledger.totals({ tenant: 'acme' })).toEqual({
      requests: 1_100,
      promptTokens: 110_000n,
      cachedTokens: 11_000n,
      outputTokens: 55_000n,
      picoUsd: 1_100n * BigInt(big),
      microjoules: 3_300n,
    });
    expect((await store.ledger.totals({})).picoUsd).toBe(1_100n * BigInt(big) + 1n);
    expect((await store.ledger.totals({ tenant: 'nobody' })).requests).toBe(0);
    expect((await store.ledger.totals({ tenant: 'nobody' })).picoUsd).toBe(0n);
    await store.close();
  });

  test('readers beside a writer see whole batches only', async () => {
    const store = await place().open();
    const writing = (async () => {
      for (let i = 0; i < 40; i++) {
        const outcomes = [0, 1, 2].map((j) => outcomeNamed(`d-0-${i}-${j}`, { costPicoUsd: 7 }));
        await store.commit({ ...EMPTY_BATCH, outcomes });
      }
    })();
    const seen = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const totals = await store.ledger.totals({});
        expect(totals.requests % 3).toBe(0);
        expect(totals.picoUsd).toBe(BigInt(totals.requests) * 7n);
        return totals.requests;
      }),
    );
    await writing;
    expect(seen).toHaveLength(40);
    expect((await store.ledger.totals({})).requests).toBe(120);
    await store.close();
  });
}

function storesVerdicts(place: () => StorePlace): void {
  const verdict = (changes: Partial<StoredVerdict> = {}): StoredVerdict => ({
    decision: 'd-0-judged' as DecisionId,
    source: 'thumb',
    atMs: 1_700_000_000_000,
    score: 1,
    note: null,
    ...changes,
  });

  test('the first verdict of a source on a decision stands', async () => {
    const store = await place().open();
    expect(await store.addVerdict(verdict())).toBe(true);
    expect(await store.addVerdict(verdict({ score: 0, atMs: 1_800_000_000_000 }))).toBe(false);
    const noted = verdict({ source: 'correction', score: 0, note: 'Zoë "said" \u0000' });
    expect(await store.addVerdict(noted)).toBe(true);
    expect(await store.ledger.verdicts('d-0-judged')).toEqual([noted, verdict()]);
    expect(await store.ledger.verdicts('d-0-other')).toEqual([]);
    await store.close();
  });

  test('an outcome keeps its topic', async () => {
    const store = await place().open();
    const topics = [
      outcomeNamed('d-0-math', { domain: 'math', band: 'hard' }),
      outcomeNamed('d-0-law', { domain: 'law', band: null }),
    ];
    await store.commit({ ...EMPTY_BATCH, outcomes: topics });
    for (const outcome of topics) {
      expect(await store.ledger.outcome(outcome.decision)).toEqual(outcome);
    }
    await store.close();
  });
}

function storesBalances(place: () => StorePlace): void {
  test('balance deltas add up, past 2^53 too, and a closed balance is forgotten', async () => {
    const store = await place().open();
    const huge = 2n ** 60n;
    const delta = { id: 'r|tenant=acme|0', ...sums(5n, huge, 2n) };
    await store.commit({ ...EMPTY_BATCH, balanceDeltas: [delta, { id: 'old', ...sums(1n) }] });
    await store.commit({ ...EMPTY_BATCH, balanceDeltas: [delta], balancesClosed: ['old'] });
    const { balances } = await store.load();
    expect(balances).toEqual([{ id: 'r|tenant=acme|0', ...sums(10n, 2n * huge, 4n) }]);
    await store.close();
  });

  test('a lease is replaced by its id, and closed', async () => {
    const store = await place().open();
    const lease = (id: string, tokens: bigint) => ({ id, balance: 'b', ...sums(tokens, 1n, 2n) });
    await store.commit({ ...EMPTY_BATCH, leasesOpened: [lease('x', 10n), lease('y', 20n)] });
    await store.commit({ ...EMPTY_BATCH, leasesOpened: [lease('x', 4n)], leasesClosed: ['y'] });
    expect((await store.load()).leases).toEqual([lease('x', 4n)]);
    await store.close();
  });

  test('a batch that cannot be stored rejects with BRS_STORE and leaves nothing of itself', async () => {
    const store = await place().open();
    const unstorable = outcomeNamed('d-0-bad', { costPicoUsd: 0.5 });
    const batch: StoreBatch = {
      ...EMPTY_BATCH,
      outcomes: [outcomeNamed('d-0-good'), unstorable],
      balanceDeltas: [{ id: 'b', ...sums(1n) }],
      leasesOpened: [{ id: 'x', balance: 'b', ...sums(1n) }],
    };
    await expect(store.commit(batch)).rejects.toMatchObject({ code: 'BRS_STORE' });
    expect((await store.ledger.totals({})).requests).toBe(0);
    expect(await store.load()).toMatchObject({ balances: [], leases: [] });
    await store.commit({ ...EMPTY_BATCH, outcomes: [outcomeNamed('d-0-after')] });
    expect((await store.ledger.totals({})).requests).toBe(1);
    await store.close();
  });

  test('documents are kept by name, replaced and deleted', async () => {
    const store = await place().open();
    await store.saveDocument('overlay', '{"a":1}');
    await store.saveDocument('overlay', '{"a":2}');
    await store.saveDocument('gone', '[]');
    await store.saveDocument('gone', null);
    expect([...(await store.load()).documents]).toEqual([['overlay', '{"a":2}']]);
    await store.close();
  });
}

function survivesReopening(place: () => StorePlace): void {
  test('what was committed is there when it is opened again', async () => {
    const where = place();
    if (!where.isDurable) return;
    const store = await where.open();
    const outcome = outcomeNamed('d-0-kept');
    await store.commit({
      ...EMPTY_BATCH,
      outcomes: [outcome],
      balanceDeltas: [{ id: 'b', ...sums(3n) }],
      leasesOpened: [{ id: 'x', balance: 'b', ...sums(9n) }],
    });
    await store.saveDocument('beliefs', '{}');
    await store.close();
    await store.close();

    const again = await where.open();
    expect(await again.ledger.outcome('d-0-kept')).toEqual(outcome);
    const loaded = await again.load();
    expect(loaded.balances).toEqual([{ id: 'b', ...sums(3n) }]);
    expect(loaded.leases).toEqual([{ id: 'x', balance: 'b', ...sums(9n) }]);
    expect(loaded.documents.get('beliefs')).toBe('{}');
    await again.close();
  });

  test('a closed store rejects with BRS_STORE', async () => {
    const store = await place().open();
    await store.close();
    await expect(store.commit(EMPTY_BATCH)).rejects.toMatchObject({ code: 'BRS_STORE' });
    await expect(store.ledger.totals({})).rejects.toMatchObject({ code: 'BRS_STORE' });
  });
}
