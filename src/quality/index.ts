/**
 * Quality: what each model of a table makes of a prompt, learned from outcomes.
 *
 * In: tables of outcomes, a sentence encoder, a seed; then prompts. Out: P(correct), cost and output tokens per
 * model, each a mean and a deviation. Never: reads a file, a clock or the network.
 *
 * A prompt becomes a few numbers, its item: what a linear map foretells of the principal components of all models'
 * outcomes. All models share it. A model is a logistic curve over items, drawn towards what models have in
 * common; one that no table knew is placed by its first outcomes.
 */
export { curveAt } from './accuracy-curve.ts';
export type { AccuracyCurve } from './accuracy-curve.ts';
export type { SentenceEncoder } from './feature-rows.ts';
export { foldsOf } from './item-groups.ts';
export { readQualityModel, writeQualityModel } from './model-file.ts';
export { knownMean, selectRows } from './outcome-table.ts';
export type { ModelColumn, OutcomeTable } from './outcome-table.ts';
export { promptText, textsOf } from './prompt-text.ts';
export { QualityModel } from './quality-model.ts';
export type {
  Belief,
  Forecast,
  PlacedOutcome,
  PromptItem,
  QualityParts,
  RoutedModel,
} from './quality-model.ts';
export { trainedRouter } from './trained-router.ts';
export { trainQuality } from './train.ts';
export type { TrainingOptions } from './train.ts';
