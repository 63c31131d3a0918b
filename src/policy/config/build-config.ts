import { dirname, resolve } from 'node:path';
import type {
  BudgetRule,
  Config,
  Engine,
  FlatPrice,
  Instance,
  KeyConfig,
  LearningConfig,
  Model,
  Objective,
  Price,
} from '../../contract/index.ts';
import type { InstanceId, KeyId, ModelId, TenantId } from '../../kernel/index.ts';
import type { PolicyFile } from '../schema/index.ts';
import { knownPrice } from '../catalogue/known-price.ts';
import { BUILT_IN_MODES } from './modes.ts';
import { buildCache } from './cache.ts';
import { buildAccuracyLearning } from './accuracy-learning.ts';
import { judgingBudgetOf, judgingOf } from './judging.ts';
import { explorationOf, routerOf } from './exploration.ts';
import { buildUnderstanding } from './understanding.ts';

/** 1 USD per million tokens is 1 000 000 pico-USD per token. */
const PICO_PER_TOKEN = 1e6;
const PICO_PER_USD = 1e12;
const MICROJOULES_PER_KILOJOULE = 1e9;

/** Where the file stands, and the secrets that it names by file, by index of the instance. */
export interface BuildContext {
  readonly file: string;
  readonly apiKeys: ReadonlyMap<number, string>;
  readonly bidSecrets: ReadonlyMap<number, string>;
  readonly engines: readonly Pick<Engine, 'kind' | 'defaultUrl' | 'place'>[];
}

/** The policy file as the rest of the program reads it: units converted, references resolved. */
export function buildConfig(input: PolicyFile, context: BuildContext): Config {
  const models = buildModels(input, context);
  const modelById = new Map<string, Model>(models.map((model) => [model.id, model]));
  const { server } = input;
  const near = (path: string): string => resolve(dirname(context.file), path);
  const tenants = new Set(input.keys.map(({ tenant }) => tenant));
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
      keepsPrefixesApart: server.prefixCache === 'tenant' && tenants.size > 1,
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
    instances: buildInstances(input.instances, modelById, { ...context, near }),
    modes: buildModes(input.modes),
    recipes: Object.entries(input.recipes).map(([name, { roles = null }]) => ({ name, roles })),
    cache: buildCache(input.cache, near, tenants),
    carbon: {
      label: input.carbon.label,
      gramsPerKilowattHour: new Map(Object.entries(input.carbon.gramsPerKilowattHour)),
      maxAgeMs: input.carbon.maxAgeSeconds * 1000,
    },
    budgets: [...input.budgets.map(buildBudget), ...judgingBudgetOf(input)],
    attempts: input.attempts,
    market: { ...input.market, reserveScoreUsd: input.market.reserveScoreUsd ?? null },
    health: input.health,
    learning: buildLearning(input.learning, near),
    feedback: {
      keepsCorrections: input.feedback.keepsCorrections,
      taughtPerTenantHour: input.feedback.taughtPerTenantHour,
      isImplicit: input.feedback.implicit,
    },
    ...judgingOf(input),
    understanding: buildUnderstanding(input.understanding, near),
    plugins: input.plugins.map(near),
  };
}

function buildLearning(
  { reputation, accuracy, exploration, probes, router }: PolicyFile['learning'],
  near: (path: string) => string,
): LearningConfig {
  return {
    reputation,
    accuracy: buildAccuracyLearning(accuracy),
    exploration: explorationOf({ exploration, probes }),
    router: routerOf(router, near),
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

const buildModels = (input: PolicyFile, context: BuildContext): Model[] =>
  input.models.map((model) =>
    buildModel(model, model.price === undefined ? knownPriceOf(model, input, context) : null),
  );

/** The provider's, for a model that the file does not price. */
function knownPriceOf(
  { id, upstreamName = id }: Entry<'models'>,
  { instances }: PolicyFile,
  { engines }: BuildContext,
): Price | null {
  const own = instances
    .filter(({ model }) => model === id)
    .map(({ engine, url }) => {
      const home = engines.find(({ kind }) => kind === engine)?.defaultUrl;
      return { engine, url: url ?? home ?? '', model: { upstreamName } };
    });
  return knownPrice(own, engines);
}

function buildModel(model: Entry<'models'>, known: Price | null): Model {
  const { default: prior, ...byDomain } = model.accuracy ?? {};
  return {
    id: model.id as ModelId,
    kind: model.kind === 'embedding' ? 'embedding' : 'chat',
    ...(model.kind === 'judge' && { isJudge: true as const }),
    upstreamName: model.upstreamName ?? model.id,
    price: buildPrice(model.price) ?? known,
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
    ...(model.routerName !== undefined && { routerName: model.routerName }),
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

type WrittenPrice = NonNullable<Entry<'models'>['price']>;

function buildPrice(price: WrittenPrice | undefined): Price | null {
  if (price === undefined) return null;
  const { longPrompt } = price;
  if (longPrompt === undefined) return flatPrice(price);
  const long = { aboveTokens: longPrompt.aboveTokens, price: flatPrice(longPrompt) };
  return { ...flatPrice(price), longPrompt: long };
}

function flatPrice(price: Omit<WrittenPrice, 'longPrompt'>): FlatPrice {
  const { inputPerMTok, cachedInputPerMTok = inputPerMTok, outputPerMTok = 0 } = price;
  const special = {
    cacheWritePicoUsd: price.cacheWritePerMTok,
    cacheWriteHourPicoUsd: price.cacheWriteHourPerMTok,
    reasoningPicoUsd: price.reasoningPerMTok,
    imageInputPicoUsd: price.imageInputPerMTok,
    audioInputPicoUsd: price.audioInputPerMTok,
    audioOutputPicoUsd: price.audioOutputPerMTok,
  };
  const told = Object.entries(special).flatMap(([name, rate]) =>
    rate === undefined ? [] : [[name, Math.round(rate * PICO_PER_TOKEN)] as const],
  );
  return {
    inputPicoUsd: Math.round(inputPerMTok * PICO_PER_TOKEN),
    cachedInputPicoUsd: Math.round(cachedInputPerMTok * PICO_PER_TOKEN),
    outputPicoUsd: Math.round(outputPerMTok * PICO_PER_TOKEN),
    ...(Object.fromEntries(told) as Partial<FlatPrice>),
  };
}

function buildInstance(
  instance: Entry<'instances'>,
  model: Model,
  context: BuildContext,
): Omit<Instance, 'apiKey'> {
  const { apiKeys, kvEvents, limits, metricsUrl, options } = instance;
  const engine = context.engines.find(({ kind }) => kind === instance.engine);
  return {
    id: instance.id as InstanceId,
    model,
    engine: instance.engine,
    url: instance.url ?? placeOf(instance, model, context)?.url ?? engine?.defaultUrl ?? '',
    labels: new Map(Object.entries(instance.labels)),
    maxRunning: instance.maxRunning,
    ...(apiKeys !== undefined && { moreApiKeys: apiKeys.slice(1) }),
    ...(metricsUrl !== undefined && { metricsUrl }),
    ...(kvEvents !== undefined && {
      kvEvents: {
        ...kvEvents,
        replay: kvEvents.replay ?? null,
        renderUrl: kvEvents.renderUrl ?? null,
      },
    }),
    ...(options !== undefined && { options }),
    ...(limits !== undefined && {
      rates: {
        requestsPerMinute: limits.requestsPerMinute ?? null,
        tokensPerMinute: limits.tokensPerMinute ?? null,
      },
    }),
    source: 'config',
  };
}

function buildInstances(
  instances: PolicyFile['instances'],
  models: ReadonlyMap<string, Model>,
  context: BuildContext & { readonly near: (path: string) => string },
): Config['instances'] {
  return instances
    .map((written) => besidePolicy(written, context.near))
    .map((instance, i) => ({ instance, i, model: models.get(instance.model)! }))
    .map(({ instance, i, model }) => ({
      ...buildInstance(instance, model, context),
      apiKey:
        instance.apiKey ??
        context.apiKeys.get(i) ??
        instance.apiKeys?.[0] ??
        placeOf(instance, model, context)?.apiKey ??
        null,
      ...ownerOf(instance, context.bidSecrets.get(i)),
    }));
}

/** A file that an engine is given is relative to the policy file. */
function besidePolicy(
  instance: Entry<'instances'>,
  near: (path: string) => string,
): Entry<'instances'> {
  const file = instance.options?.['file'];
  if (typeof file !== 'string') return instance;
  return { ...instance, options: { ...instance.options, file: near(file) } };
}

/** Where the exchange runs the server itself; undefined or null: it does not. */
const placeOf = (
  { engine, options }: Entry<'instances'>,
  model: Model,
  { engines }: BuildContext,
) => engines.find(({ kind }) => kind === engine)?.place?.(options, model.kind);

/** Nothing where the house owns the instance. */
function ownerOf(
  { id, owner, bidUrl, bidSecret }: Entry<'instances'>,
  secretOfFile: string | undefined,
): Pick<Instance, 'owner' | 'bidder'> {
  const secret = bidSecret ?? secretOfFile;
  if (bidUrl === undefined || secret === undefined) return owner === undefined ? {} : { owner };
  return { owner: owner ?? id, bidder: { url: bidUrl, secret } };
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
