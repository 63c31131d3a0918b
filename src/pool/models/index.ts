/**
 * Models: the files, threads and endpoints behind `Understanding`. Enters a folder, a path or a URL;
 * leaves encoders, classifiers and taggers whose heavy work runs off the event loop. It never
 * decides which of them is asked.
 */
export { openDeepModels } from './deep-models.ts';
export type { DeepModelsOptions, OpenDeepModels } from './deep-models.ts';
export { openEndpointEncoder } from './endpoint-encoder.ts';
export type { EndpointEncoderOptions } from './endpoint-encoder.ts';
export { openLongScans } from './long-scans.ts';
export type { LongScansOptions } from './long-scans.ts';
export { openModelFiles } from './model-files.ts';
export { openOnnxClassifier, openOnnxEncoder, openOnnxTagger } from './onnx-by-path.ts';
export type { OnnxClassifierFiles, OnnxFiles } from './onnx-by-path.ts';
export { findOptionalPackage, importPackage, requireOptionalPackage } from './optional-package.ts';
