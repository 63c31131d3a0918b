import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { createVirtualClock } from '../kernel/index.ts';
import { openSqliteHostLeases } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'bourse-hosts-'));
let files = 0;
const freshFile = (): string => join(folder, `${files++}.db`);
afterAll(() => rmSync(folder, { recursive: true }));

const LEASE_MS = 10_000;
const tokens = (amount: number) => ({ tokens: BigInt(amount), picoUsd: 0n, microjoules: 0n });
const NONE = tokens(0);
const limited = (limit: number) => ({ tokens: BigInt(limit), picoUsd: null, microjoules: null });
const ask = (need: number, want: number, limit: number) => ({
  balance: 'b',
  need: tokens(need),
  want: tokens(want),
  most: limited(limit),
});

async function opened() {
  const clock = createVirtualClock();
  return {
    clock,
    leases: await openSqliteHostLeases({ path: freshFile(), clock, leaseMs: LEASE_MS }),
  };
}

describe('leases of hosts', () => {
  test('a slice is what is needed and a share of what is left; what is not covered is refused', async () => {
    const { leases } = await opened();
    expect(await leases.grant('h1', ask(10, 100, 100))).toEqual(tokens(32));
    expect(await leases.grant('h2', ask(60, 60, 100))).toEqual(tokens(60));
    expect(await leases.grant('h2', ask(9, 9, 100))).toBeNull();
    await leases.report('h1', [{ balance: 'b', spent: tokens(5), returned: tokens(27) }]);
    expect(await leases.shared('b')).toEqual({ settled: tokens(5), held: tokens(60) });
    expect(await leases.renew('h1')).toEqual([]);
    expect(await leases.renew('h2')).toEqual(['b']);
    await leases.close();
  });

  test('a silent host has spent its lease; what it says later changes nothing', async () => {
    const { clock, leases } = await opened();
    await leases.grant('h1', ask(40, 40, 100));
    await leases.grant('h2', ask(20, 20, 100));
    clock.advance(LEASE_MS - 1);
    expect(await leases.renew('h2')).toEqual(['b']);
    clock.advance(1);
    expect(await leases.shared('b')).toEqual({ settled: tokens(40), held: tokens(20) });
    await leases.report('h1', [{ balance: 'b', spent: tokens(1), returned: tokens(39) }]);
    expect(await leases.shared('b')).toEqual({ settled: tokens(40), held: tokens(20) });
    expect(await leases.grant('h1', ask(41, 41, 100))).toBeNull();
    await leases.close();
  });

  test('sums beyond 2^53 are exact', async () => {
    const { leases } = await opened();
    const large = { tokens: 0n, picoUsd: 2n ** 53n + 1n, microjoules: 0n };
    const most = { tokens: null, picoUsd: 2n ** 60n, microjoules: null };
    await leases.grant('h', { balance: 'b', need: large, want: large, most });
    await leases.report('h', [{ balance: 'b', spent: large, returned: NONE }]);
    expect((await leases.shared('b')).settled.picoUsd).toBe(2n ** 53n + 1n);
    await leases.close();
  });

  test('whatever hosts do, and whenever they fall silent, the limit holds', async () => {
    const host = fc.constantFrom('h1', 'h2', 'h3');
    const step = fc.oneof(
      fc.record({ do: fc.constant('grant' as const), host, need: fc.nat(60), want: fc.nat(90) }),
      fc.record({ do: fc.constant('report' as const), host, spent: fc.nat(60), back: fc.nat(60) }),
      fc.record({ do: fc.constant('renew' as const), host }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat(2 * LEASE_MS) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = createVirtualClock();
        const options = { path: ':memory:', clock, leaseMs: LEASE_MS };
        const leases = await openSqliteHostLeases(options);
        let before = 0n;
        for (const one of steps) {
          if (one.do === 'grant') await leases.grant(one.host, ask(one.need, one.want, 200));
          else if (one.do === 'renew') await leases.renew(one.host);
          else if (one.do === 'wait') clock.advance(one.ms);
          else {
            const report = { spent: tokens(one.spent), returned: tokens(one.back) };
            await leases.report(one.host, [{ balance: 'b', ...report }]);
          }
          const { settled, held } = await leases.shared('b');
          expect(settled.tokens + held.tokens).toBeLessThanOrEqual(200n);
          expect(held.tokens).toBeGreaterThanOrEqual(0n);
          expect(settled.tokens).toBeGreaterThanOrEqual(before);
          before = settled.tokens;
        }
        await leases.close();
      }),
      { numRuns: 60 },
    );
  });

  test('two processes and a kill -9: never more than the limit, and nothing that was used is forgotten', async () => {
    const path = freshFile();
    const LIMIT = 1_800;
    const ttlMs = 2_000;
    const program = new URL('../../test/contract/fixtures/spend-shared.ts', import.meta.url)
      .pathname;
    const host = (name: string, onUse: (lines: number) => void) => {
      const child = spawn(process.execPath, [program, path, name, `${LIMIT}`, `${ttlMs}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const printed = { lines: 0 };
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed.lines += text.split('3\n').length - 1;
        onUse(printed.lines);
      });
      return { child, printed, closed: once(child, 'close') };
    };
    // The first is killed while both are at it; the second goes on to the end.
    let survivor: ReturnType<typeof host> | null = null;
    const killed = host('killed', (lines) => {
      if (lines <= 20 || survivor !== null) return;
      survivor = host('survivor', (own) => {
        if (own > 20) killed.child.kill('SIGKILL');
      });
    });
    await killed.closed;
    expect(killed.child.signalCode).toBe('SIGKILL');
    const { child, printed, closed } = survivor!;
    await closed;
    expect(child.exitCode).toBe(0);

    const clock = createVirtualClock(Date.now() + 10 * ttlMs);
    const leases = await openSqliteHostLeases({ path, clock, leaseMs: ttlMs });
    const { settled, held } = await leases.shared('b');
    const used = 3 * (killed.printed.lines + printed.lines);
    expect(used).toBeGreaterThan(LIMIT / 2);
    expect(held.tokens).toBe(0n);
    expect(settled.tokens).toBeGreaterThanOrEqual(BigInt(used));
    expect(settled.tokens).toBeLessThanOrEqual(BigInt(LIMIT));
    await leases.close();
  }, 60_000);
});
