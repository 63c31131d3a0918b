import { fault } from '../kernel/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import { optionProblem } from '../contract/index.ts';
import type {
  CarbonIntensity,
  Config,
  Engine,
  Instance,
  InstanceInput,
} from '../contract/index.ts';
import type { Model } from '../contract/index.ts';

/** What the admin API changed of the fleet; persisted, and laid over the policy's instances. */
export interface InstanceOverlay {
  readonly added: readonly InstanceInput[];
  readonly drained: readonly string[];
  readonly removed: readonly string[];
}

export const NO_OVERLAY: InstanceOverlay = { added: [], drained: [], removed: [] };

/** An instance, and whether it may be given more work. */
export interface FleetEntry {
  readonly instance: Instance;
  readonly isDraining: boolean;
  /** Of its place; unset: unknown. */
  readonly carbon?: CarbonIntensity | undefined;
}

/** The kinds of servers that there are; null: any may be named. */
export type Engines = readonly Engine[] | null;

const DEFAULT_MAX_RUNNING = 256;

/**
 * The policy's instances, then those that were added, without the removed. An added one whose model
 * the policy no longer has, or whose id the policy now takes, is left out until that changes again.
 */
export function fleetOf(
  config: Config,
  overlay: InstanceOverlay,
  engines: Engines = null,
): FleetEntry[] {
  const removed = new Set(overlay.removed);
  const drained = new Set(overlay.drained);
  const instances = [...config.instances];
  const known = new Set<string>(instances.map(({ id }) => id));
  for (const input of overlay.added) {
    const model = config.models.find(({ id }) => id === input.model);
    if (model !== undefined && !known.has(input.id))
      instances.push(instanceOf(input, model, engines));
  }
  return instances
    .filter(({ id }) => !removed.has(id))
    .map((instance) => ({ instance, isDraining: drained.has(instance.id) }));
}

function instanceOf(input: InstanceInput, model: Model, engines: Engines): Instance {
  const engine = engines?.find(({ kind }) => kind === input.engine);
  const place = input.url === undefined ? engine?.place?.(input.options, model.kind) : null;
  return {
    id: input.id as InstanceId,
    model,
    engine: input.engine,
    url: input.url ?? place?.url ?? engine?.defaultUrl ?? '',
    apiKey: input.apiKey ?? place?.apiKey ?? null,
    ...(input.options !== undefined && { options: input.options }),
    labels: new Map(Object.entries(input.labels ?? {})),
    maxRunning: input.maxRunning ?? DEFAULT_MAX_RUNNING,
    source: 'admin',
  };
}

/** The instance that an input means. Throws `BRS_ADMIN_INPUT`. */
export function readInstance(config: Config, raw: InstanceInput, engines: Engines): Instance {
  const input = checked(config, raw, engines);
  return instanceOf(
    input,
    config.models.find(({ id }) => id === input.model)!,
    engines,
  );
}

/** Adds an instance; one that was drained or removed comes back, and an added one is replaced. */
export function withAdded(
  config: Config,
  overlay: InstanceOverlay,
  raw: InstanceInput,
  engines: Engines = null,
): InstanceOverlay {
  const input = checked(config, raw, engines);
  const restored: InstanceOverlay = {
    added: overlay.added.filter(({ id }) => id !== input.id),
    drained: overlay.drained.filter((id) => id !== input.id),
    removed: overlay.removed.filter((id) => id !== input.id),
  };
  const configured = config.instances.find(({ id }) => id === input.id);
  const isServing = fleetOf(config, overlay, engines).some(
    ({ instance, isDraining }) => instance.id === input.id && !isDraining,
  );
  if (isServing) throw refuse('id', `there is an instance "${input.id}" already: remove it first`);
  if (configured === undefined) return { ...restored, added: [...restored.added, input] };
  const { model, engine, url } = configured;
  const isSame = model.id === input.model && engine === input.engine;
  if (!isSame || url !== instanceOf(input, model, engines).url) {
    throw refuse(
      'id',
      `"${input.id}" belongs to the policy file with another model, engine or url`,
    );
  }
  return restored;
}

export function withDrained(config: Config, overlay: InstanceOverlay, id: string): InstanceOverlay {
  assertKnown(config, overlay, id);
  return { ...overlay, drained: [...overlay.drained.filter((other) => other !== id), id] };
}

export function withRemoved(config: Config, overlay: InstanceOverlay, id: string): InstanceOverlay {
  assertKnown(config, overlay, id);
  const isConfigured = config.instances.some((instance) => instance.id === id);
  return {
    added: overlay.added.filter((input) => input.id !== id),
    drained: overlay.drained.filter((other) => other !== id),
    // What the file brings back at each start must be remembered as removed.
    removed: isConfigured ? [...overlay.removed, id] : overlay.removed,
  };
}

function assertKnown(config: Config, overlay: InstanceOverlay, id: string): void {
  const isKnown = fleetOf(config, overlay).some(({ instance }) => instance.id === id);
  if (!isKnown) throw fault('BRS_NOT_FOUND', { kind: 'instance', id });
}

const refuse = (place: string, reason: string) => fault('BRS_ADMIN_INPUT', { place, reason });

function checked(config: Config, input: InstanceInput, engines: Engines): InstanceInput {
  if (!/^[\w.:-]{1,64}$/.test(input.id)) {
    throw refuse('id', 'must be 1 to 64 letters, digits, dots, colons, dashes or underscores');
  }
  if (!config.models.some(({ id }) => id === input.model)) {
    const known = config.models.map(({ id }) => id).join(', ');
    throw refuse('model', `the policy has no model "${input.model}": it has ${known || 'none'}`);
  }
  const { maxRunning } = input;
  if (maxRunning !== undefined && !(Number.isSafeInteger(maxRunning) && maxRunning > 0)) {
    throw refuse('maxRunning', 'must be a whole number above 0');
  }
  checkEngine(input, engines);
  return input.url === undefined ? input : { ...input, url: checkedUrl(input.url) };
}

function checkEngine({ engine: kind, url, options = {} }: InstanceInput, engines: Engines): void {
  const engine = engines?.find((each) => each.kind === kind);
  if (engines !== null && engine === undefined) {
    const known = engines.map((each) => each.kind).join(', ');
    throw refuse('engine', `there is no engine "${kind}": there are ${known}`);
  }
  if (url === undefined && engine?.defaultUrl === undefined && engine?.place === undefined) {
    throw refuse('url', 'is missing: write where the server is, such as "http://10.0.0.5:8000"');
  }
  if (url === undefined && engine?.place !== undefined && options['file'] === undefined) {
    throw refuse('options.file', 'is missing: write which file to run');
  }
  if (engine === undefined) return;
  for (const [name, value] of Object.entries(options)) {
    const option = engine.options?.find((each) => each.name === name);
    if (option === undefined) throw refuse(`options.${name}`, `is no option of the engine ${kind}`);
    const problem = optionProblem(option, value);
    if (problem !== null) throw refuse(`options.${name}`, problem);
  }
}

function checkedUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw refuse('url', 'must be an http or https URL, for example http://10.0.0.5:8000');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw refuse('url', 'must hold no credentials, query or fragment: the key goes into apiKey');
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/v1$/, '');
}
