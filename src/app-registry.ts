import { pathToFileURL } from 'node:url';
import { fault } from './kernel/index.ts';
import type { Plugin, Registry, TrainedRouter, Understanding } from './contract/index.ts';
import { shippedUnderstanding } from './app-understanding.ts';
import { createLearners } from './learning/index.ts';
import { createHouseBidder } from './market/index.ts';
import { createGgufEngine, ENGINES } from './pool/index.ts';
import type { LocalModelsAt } from './pool/index.ts';
import {
  BUILT_IN_SIGNALS,
  createContextReader,
  createTextReading,
  createUnderstandingSignals,
  SHIPPED_SPACE,
} from './signals/index.ts';

/** What ships. A built-in is one line here. */
export function builtIns(
  understanding: Understanding = shippedUnderstanding(),
  router: TrainedRouter | null = null,
  localModels?: LocalModelsAt,
): Registry {
  return {
    signals: [...BUILT_IN_SIGNALS, ...createUnderstandingSignals(understanding)],
    engines: [...ENGINES, createGgufEngine(localModels)],
    bidders: [createHouseBidder()],
    learners: createLearners([router?.space ?? SHIPPED_SPACE]),
    openTexts: () => createTextReading(understanding),
    openContexts: (clock) => createContextReader(understanding, router, clock),
    hasRouter: router !== null,
  };
}

/** The built-ins and the plugins. A plugin's signal or engine may not take the kind of another. */
export function withPlugins(registry: Registry, plugins: readonly Plugin[]): Registry {
  const joined: Registry = {
    ...registry,
    signals: [...registry.signals, ...plugins.flatMap((plugin) => plugin.signals ?? [])],
    engines: [...registry.engines, ...plugins.flatMap((plugin) => plugin.engines ?? [])],
    bidders: [...registry.bidders, ...plugins.flatMap((plugin) => plugin.bidders ?? [])],
    learners: [...registry.learners, ...plugins.flatMap((plugin) => plugin.learners ?? [])],
  };
  assertDistinct('signal', joined.signals);
  assertDistinct('engine', joined.engines);
  return joined;
}

function assertDistinct(what: string, extensions: readonly { readonly kind: string }[]): void {
  const kinds = extensions.map((extension) => extension.kind);
  const twice = kinds.find((kind, i) => kinds.indexOf(kind) !== i);
  if (twice !== undefined) {
    throw fault('BRS_PLUGIN', { plugin: twice, reason: `the ${what} kind exists already` });
  }
}

/** Imports the modules that the policy names. Each exports `bourse: Plugin`. */
export async function importPlugins(paths: readonly string[]): Promise<Plugin[]> {
  return Promise.all(paths.map(importPlugin));
}

async function importPlugin(path: string): Promise<Plugin> {
  let module: { readonly bourse?: Plugin };
  try {
    module = (await import(pathToFileURL(path).href)) as typeof module;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be imported';
    throw fault('BRS_PLUGIN', { plugin: path, reason }, { cause: error });
  }
  const plugin = module.bourse;
  if (typeof plugin !== 'object' || plugin === null) {
    throw fault('BRS_PLUGIN', { plugin: path, reason: 'it does not export "bourse"' });
  }
  if (plugin.apiVersion !== 1) {
    throw fault('BRS_PLUGIN', { plugin: path, reason: 'its apiVersion is not 1' });
  }
  return plugin;
}
