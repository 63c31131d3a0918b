import type { OutputLimit, SpentReading } from '../../contract/index.ts';
import { logEstimateOf, normalQuantile } from '../../estimate/index.ts';

/** What `maxTokens: auto` means. */
export const DEFAULT_LIMIT = { quantile: 0.95, margin: 1.25, min: 64 } as const;

/** `auto` as a policy writes it. */
export interface LimitRule {
  readonly quantile: number;
  readonly margin: number;
  readonly min: number;
  readonly max?: number | undefined;
}

/** `reading`: of the output-length signal, whose confidence is the chance to be right within a factor of two. */
export function outputLimitOf(
  { quantile, margin, min, max }: LimitRule,
  reading: SpentReading | undefined,
): OutputLimit {
  const tokens = reading?.value ?? null;
  const prior =
    typeof tokens === 'number'
      ? logEstimateOf(tokens, normalQuantile((reading!.confidence + 1) / 2))
      : null;
  return { quantile, margin, minTokens: min, maxTokens: max ?? null, prior };
}
