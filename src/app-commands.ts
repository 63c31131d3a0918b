/** What commands ask of the wiring besides serving; each part is loaded when called, so that a server pays for none. */
import type * as Check from './app-check.ts';
import type * as Diff from './app-diff.ts';
import type * as Models from './app-models.ts';
import type * as Offline from './app-offline.ts';
import { builtIns } from './app-registry.ts';
import type * as Simulate from './app-simulate.ts';
import type * as Suggest from './app-suggest.ts';

export const checkConfig: typeof Check.checkConfig = async (options) =>
  (await import('./app-check.ts')).checkConfig(options);

export const openDiff: typeof Diff.openDiff = async (options) =>
  (await import('./app-diff.ts')).openDiff(options);

export const openSuggestions: typeof Suggest.openSuggestions = async (options) =>
  (await import('./app-suggest.ts')).openSuggestions(options);

export const explainOnce: typeof Offline.explainOnce = async (options) =>
  (await import('./app-offline.ts')).explainOnce(options);

export const simulateFleet: typeof Simulate.simulateFleet = async (options) =>
  (await import('./app-simulate.ts')).simulateFleet(options);

export const verifyModel: typeof Models.verifyModel = async (file) =>
  (await import('./app-models.ts')).verifyModel(file);

export const addModel: typeof Models.addModel = async (options) =>
  (await import('./app-models.ts')).addModel(options);

/** The JSON Schema of the policy file. */
export async function configSchema(): Promise<unknown> {
  const { policyJsonSchema } = await import('./policy/reference/index.ts');
  const { signals, engines } = builtIns();
  return policyJsonSchema(signals, engines);
}
