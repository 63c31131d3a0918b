import { expect, test } from 'vitest';
import { createVirtualClock } from '../../kernel/index.ts';
import { LoadBars } from './load-bars.ts';
import { pathOfSpec } from './spec-path.ts';

const pathOf = (file: string): string =>
  pathOfSpec({ file, task: 'chat', slots: 1, contextTokens: null, threads: null });

test('a model whose loading ended a process is barred for a while, and only that one', () => {
  const clock = createVirtualClock(0);
  const bars = new LoadBars(clock);
  bars.loads(pathOf('/fine.gguf'));
  bars.loads(null);
  bars.loads(pathOf('/broken.gguf'));
  bars.ended('SIGKILL');
  const [barred, ...others] = bars.current();
  expect(others).toEqual([]);
  expect(barred).toMatchObject({ path: pathOf('/broken.gguf'), forMs: 600_000 });
  expect(barred!.reason).toMatch(/^BRS_MODEL_CRASH: .*\/broken\.gguf ended \(SIGKILL\)/);
  clock.advance(599_999);
  expect(bars.current()).toMatchObject([{ forMs: 1 }]);
  clock.advance(1);
  expect(bars.current()).toEqual([]);
});

test('a process that ends while it loads nothing bars nothing', () => {
  const bars = new LoadBars(createVirtualClock(0));
  bars.loads(pathOf('/fine.gguf'));
  bars.loads(null);
  bars.ended('SIGSEGV');
  expect(bars.current()).toEqual([]);
});
