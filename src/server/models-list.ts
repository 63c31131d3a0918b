import type { Caller, Config } from '../contract/index.ts';

const BUILT_IN_MODES = ['accuracy', 'economy', 'eco', 'latency'];

/** One entry of OpenAI's list of models. `created` is in seconds since the Unix epoch. */
export interface ModelEntry {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

/** The virtual models, `auto`, one per mode and one per recipe that is open to the caller, and the real ones. */
export function listModels(
  config: Config,
  { roles: callerRoles }: Pick<Caller, 'roles'>,
  createdSeconds: number,
): readonly ModelEntry[] {
  const modes = new Set([...BUILT_IN_MODES, ...config.modes.keys()]);
  const recipes = config.recipes.filter(
    ({ roles }) => roles === null || roles.some((role) => callerRoles.includes(role)),
  );
  const names = [...modes, ...recipes.map(({ name }) => name)];
  const ids = ['auto', ...names.map((name) => `auto:${name}`)];
  const entry = (id: string): ModelEntry => ({
    id,
    object: 'model',
    created: createdSeconds,
    owned_by: 'bourse',
  });
  return [...ids.map(entry), ...config.models.map((model) => entry(model.id))];
}

/** The same list as Anthropic gives it, whole. */
export const asMessages = (models: readonly ModelEntry[]): Readonly<Record<string, unknown>> => ({
  data: models.map(({ id, created }) => ({
    type: 'model',
    id,
    display_name: id,
    created_at: new Date(created * 1000).toISOString(),
  })),
  has_more: false,
  first_id: models[0]?.id ?? null,
  last_id: models.at(-1)?.id ?? null,
});
