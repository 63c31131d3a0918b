import { dirname, resolve } from 'node:path';
import type {
  BudgetRule,
  Config,
  Instance,
  KeyConfig,
  Model,
  Objective,
  Price,
} from '../../contract/index.ts';
import type { InstanceId, KeyId, ModelId, TenantId } from '../../kernel/index.ts';
import type { PolicyFile } from '../schema/index.ts';
import { BUILT_IN_MODES } from './modes.ts';
import { buildAccuracyLearning } from './accuracy-learning.ts';
import { buildUnderstanding } from './understanding.ts';

/** 1 USD per million tokens is 1 000 000 pico-USD per token. */
const PICO_PER_TOKEN = 1e6;
const PICO_PER_USD = 1e12;
const MICROJOULES_PER_KILOJOULE = 1e9;

/** Where the file stands, and the secrets that it names by file, by index of the instance. */
export interface BuildContext {
  readonly file: string;
  readonly apiKeys: ReadonlyMap<number, string>;
}

/** The policy file as the rest of the program reads it: units converted, references resolved. */
export function buildConfig(input: PolicyFile, context: BuildContext): Config {
  const models = input.models.map(buildModel);
  const modelById = new Map<string, Model>(models.map((model) => [model.id, model]));
  const { server } = input;
  const near = (path: string): string => resolve(dirname(context.file), path);
  return {
    server: {
      host: server.host,
      port: server.port,
      admin: { ...server.admin, keySha256: server.admin.keySha256?.toLowerCase() ?? null },
      limits: {
        bodyBytes: server.limits.bodyBytes,
        headerBytes: server.limits.headerBytes,
        connections: server.limits.connections,
        concurrency: server.limits.concurrency,
        bodyTimeoutMs: Math.round(server.limits.bodyTimeoutSeconds * 1000),
      },
      shutdown: {
        noticeMs: Math.round(server.shutdown.noticeSeconds * 1000),
        drainMs: Math.round(server.shutdown.drainSeconds * 1000),
      },
      workers: server.workers,
    },
    storePath: input.store.path === undefined ? null : near(input.store.path),
    logLevel: input.log.level,
    keys: input.keys.map(buildKey),
    tenants: input.tenants.map((tenant) => ({
      id: tenant.id,
      mode: tenant.mode ?? null,
      weights: weightsOf(tenant.weights),
      concurrency: tenant.concurrency ?? null,
      requestsPerMinute: tenant.requestsPerMinute ?? null,
    })),
    models,
    instances: input.instances.map((instance, i) => ({
      ...buildInstance(instance, modelById.get(instance.model)!),
      apiKey: instance.apiKey ?? context.apiKeys.get(i) ?? null,
    })),
    modes: buildModes(input.modes),
    recipes: Object.entries(input.recipes).map(([name, { roles = null }]) => ({ name, roles })),
    carbon: {
      label: input.carbon.label,
      gramsPerKilowattHour: new Map(Object.entries(input.carbon.gramsPerKilowattHour)),
      maxAgeMs: input.carbon.maxAgeSeconds * 1000,
    },
    budgets: input.budgets.map(buildBudget),
    attempts: input.attempts,
    health: input.health,
    learning: { ...input.learning, accuracy: buildAccuracyLearning(input.learning.accuracy) },
    feedback: input.feedback,
    understanding: buildUnderstanding(input.understanding, near),
    plugins: input.plugins.map(near),
  };
}

type Entry<Key extends keyof PolicyFile> = PolicyFile[Key] extends readonly (infer T)[] ? T : never;

function buildKey(key: Entry<'keys'>): KeyConfig {
  const sha256 = key.sha256.toLowerCase();
  return {
    id: (key.id ?? `${key.tenant}:${sha256.slice(0, 8)}`) as KeyId,
    tenant: key.tenant as TenantId,
    sha256,
    roles: key.roles,
  };
}

function buildModel(model: Entry<'models'>): Model {
  const { default: prior, ...byDomain } = model.accuracy ?? {};
  return {
    id: model.id as ModelId,
    kind: model.kind,
    upstreamName: model.upstreamName ?? model.id,
    price: buildPrice(model.price),
    accuracy: {
      default: prior ?? null,
      byDomain: new Map(Object.entries(byDomain)),
      questions: model.accuracyQuestions,
    },
    power: model.energy ?? null,
    reasoning: model.reasoning?.family ?? null,
    ...reasoningOptionsOf(model.reasoning),
    contextWindowTokens: model.contextWindowTokens ?? null,
    maxOutputTokens: model.maxOutputTokens ?? null,
    labels: new Map(Object.entries(model.labels)),
  };
}

function reasoningOptionsOf(
  reasoning: Entry<'models'>['reasoning'],
): Pick<Model, 'reasoningOptions'> {
  if (reasoning === undefined) return {};
  const { leastEffort, budgetTokens = null } = reasoning;
  if (leastEffort === null && budgetTokens === null) return {};
  return { reasoningOptions: { leastEffort, budgetTokens } };
}

function buildPrice(price: Entry<'models'>['price']): Price | null {
  if (price === undefined) return null;
  const { inputPerMTok, cachedInputPerMTok = inputPerMTok, outputPerMTok = 0 } = price;
  return {
    inputPicoUsd: Math.round(inputPerMTok * PICO_PER_TOKEN),
    cachedInputPicoUsd: Math.round(cachedInputPerMTok * PICO_PER_TOKEN),
    outputPicoUsd: Math.round(outputPerMTok * PICO_PER_TOKEN),
  };
}

function buildInstance(instance: Entry<'instances'>, model: Model): Omit<Instance, 'apiKey'> {
  return {
    id: instance.id as InstanceId,
    model,
    engine: instance.engine,
    url: instance.url,
    labels: new Map(Object.entries(instance.labels)),
    maxRunning: instance.maxRunning,
    source: 'config',
  };
}

/** The built-in modes with the file's changes and additions. A mode of the file's own is complete. */
function buildModes(modes: PolicyFile['modes']): ReadonlyMap<string, Objective> {
  const all = new Map(BUILT_IN_MODES);
  for (const [name, weights] of Object.entries(modes)) {
    all.set(name, { ...all.get(name), ...weights } as Objective);
  }
  return all;
}

/** Prices as written, without the undefined members that a schema leaves. */
export function weightsOf(
  weights: { readonly [Key in keyof Objective]?: number | undefined } | undefined,
): Partial<Objective> | null {
  if (weights === undefined) return null;
  const given = Object.entries(weights).filter(([, price]) => price !== undefined);
  return Object.fromEntries(given);
}

function buildBudget(budget: Entry<'budgets'>): BudgetRule {
  const { tenant = null, key = null, user = null, route = null, per } = budget;
  const { timeZone, carryOver, pacing } = budget;
  return {
    id: budget.id ?? budgetId(budget),
    scope: { tenant, key, user, route },
    per,
    limits: {
      tokens: budget.tokens ?? null,
      picoUsd: scaled(budget.usd, PICO_PER_USD),
      microjoules: scaled(budget.energyKilojoules, MICROJOULES_PER_KILOJOULE),
    },
    ...(timeZone !== undefined && { timeZone }),
    ...(carryOver !== undefined && {
      carryOver: { shareRatio: carryOver.share, maxRatio: carryOver.max },
    }),
    ...(pacing !== undefined && { pacing: { targetRatio: pacing.target } }),
  };
}

/** Made of scope and period, so that a balance survives a reordering of the file. */
export function budgetId(budget: Readonly<Record<string, unknown>>): string {
  const scope = ['tenant', 'key', 'user', 'route']
    .filter((name) => typeof budget[name] === 'string')
    .map((name) => `${name}:${String(budget[name])}`);
  return `${scope.length === 0 ? 'all' : scope.join('/')}@${String(budget['per'])}`;
}

function scaled(amount: number | undefined, factor: number): number | null {
  return amount === undefined ? null : Math.round(amount * factor);
}
