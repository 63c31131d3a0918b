import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The contract suites of the checkout run under this folder's vitest, not under their own.
  resolve: { dedupe: ['vitest'] },
  test: { testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: 1 },
});
