import type { Config } from '../contract/index.ts';

const BUILT_IN_MODES = ['accuracy', 'economy', 'eco', 'latency'];

/** One entry of OpenAI's list of models. `created` is in seconds since the Unix epoch. */
export interface ModelEntry {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

/** The virtual models, `auto` and one per mode, and the real ones. */
export function listModels(config: Config, createdSeconds: number): readonly ModelEntry[] {
  const modes = new Set([...BUILT_IN_MODES, ...config.modes.keys()]);
  const ids = ['auto', ...[...modes].map((mode) => `auto:${mode}`)];
  const entry = (id: string): ModelEntry => ({
    id,
    object: 'model',
    created: createdSeconds,
    owned_by: 'bourse',
  });
  return [...ids.map(entry), ...config.models.map((model) => entry(model.id))];
}
