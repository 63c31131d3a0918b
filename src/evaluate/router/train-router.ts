import { readQualityModel, trainQuality, writeQualityModel } from '../../quality/index.ts';
import type {
  OutcomeTable,
  QualityModel,
  QualityParts,
  SentenceEncoder,
  TrainingOptions,
} from '../../quality/index.ts';
import { EvaluationProblem } from '../evaluation.ts';

export interface TrainedRouter {
  readonly parts: QualityParts;
  readonly bytes: Uint8Array;
}

/** Fewer prompts teach nothing that a mean would not. */
const PROMPTS_MIN = 10;

/** Throws `EvaluationProblem` where there is too little to learn from. */
export function trainRouter(
  tables: readonly OutcomeTable[],
  options: TrainingOptions,
): TrainedRouter {
  const prompts = tables.reduce((sum, table) => sum + table.prompts.length, 0);
  if (prompts < PROMPTS_MIN) {
    throw new EvaluationProblem(
      `there are ${prompts} prompts: a router is learned from ${PROMPTS_MIN} or more`,
    );
  }
  const parts = trainQuality(tables, options);
  return { parts, bytes: writeQualityModel(parts) };
}

/** Throws `BRS_MODEL_FILE` where the bytes are no router of this encoder. */
export const openRouter = (
  file: string,
  bytes: Uint8Array,
  encoder: SentenceEncoder,
): QualityModel => readQualityModel(file, bytes, encoder);
