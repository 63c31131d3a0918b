import type { AccuracyLearningConfig } from '../../contract/index.ts';
import type { PolicyFile } from '../schema/index.ts';

const MS_PER_DAY = 86_400_000;

export function buildAccuracyLearning(
  input: PolicyFile['learning']['accuracy'],
): AccuracyLearningConfig {
  const { halfLifeVerdicts, halfLifeDays, byDifficulty, reliability } = input;
  const { watch: isWatched, loss, verdictsPerFalseAlarm } = input.drift;
  return {
    halfLifeVerdicts,
    halfLifeMs: halfLifeDays * MS_PER_DAY,
    ...(byDifficulty && { byDifficulty }),
    reliability,
    drift: { isWatched, loss, verdictsPerFalseAlarm },
  };
}
