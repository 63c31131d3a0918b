import { fault, workerOf } from '../kernel/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { AdminBackend, BalanceView, BudgetInput, CarbonView } from '../contract/index.ts';
import type { Beliefs, CacheNews, Config } from '../contract/index.ts';
import type { DecisionView, InstanceState, Store, TenantPreferences } from '../contract/index.ts';
import { accuracyViews, judgeViews } from './accuracy-view.ts';
import { ZERO } from './amounts.ts';
import type { BalanceBook } from './balance-book.ts';
import { viewOf } from './balance-view.ts';
import { applicable, tenantPart } from './budget-scope.ts';
import type { BudgetWatch } from './budget-watch.ts';
import type { Spender } from './budget-scope.ts';
import { carbonViews } from './carbon.ts';
import type { PushedCarbon } from './carbon.ts';
import { decisionOf } from './decision-of-outcome.ts';
import { readInstance, withAdded, withDrained, withRemoved } from './instance-overlay.ts';
import type { InstanceOverlay } from './instance-overlay.ts';
import type { ServersPort } from './keeper-options.ts';
import type { Overlay } from './overlay.ts';
import type { WorkerLine } from './worker-line.ts';

/** What the admin API needs of the keeper. */
export interface AdminPort extends Pick<
  AdminBackend,
  'instances' | 'policy' | 'reload' | 'metrics' | 'cache'
> {
  readonly clock: Clock;
  readonly store: Store;
  readonly book: BalanceBook;
  readonly watch: BudgetWatch;
  readonly servers: ServersPort | undefined;
  config(): Config;
  beliefs(): Beliefs;
  overlay(): Overlay;
  /** Stores a changed part and applies it, one change at a time. */
  change(part: keyof Overlay, edit: (overlay: Overlay) => Partial<Overlay>): Promise<void>;
  tellCache(news: readonly CacheNews[]): void;
  lines(): readonly WorkerLine[];
}

const DECISIONS_MAX = 1_000;
const BALANCES_MAX = 1_000;

export function createAdmin(port: AdminPort): AdminBackend {
  return {
    instances: () => port.instances(),
    policy: () => port.policy(),
    reload: () => port.reload(),
    metrics: () => port.metrics(),
    cache: () => port.cache(),
    ...instanceDuties(port),
    ...tenantDuties(port),
    ...carbonDuties(port),
    forget: (selector) => port.tellCache([{ kind: 'forgotten', selector }]),
    ...decisionDuties(port),
    judges: () => judgeViews(port.config(), port.beliefs(), port.clock.nowMs()),
    accuracy: () => accuracyViews(port.config(), port.beliefs(), port.clock.nowMs()),
  };
}

function instanceDuties(
  port: AdminPort,
): Pick<AdminBackend, 'addInstance' | 'drainInstance' | 'removeInstance'> {
  const edit = (change: (overlay: InstanceOverlay) => InstanceOverlay): Promise<void> =>
    port.change('instances', ({ instances }) => ({ instances: change(instances) }));
  const stateOf = (id: string): InstanceState => {
    const state = port.instances().find(({ instance }) => instance.id === id);
    if (state === undefined) throw fault('BRS_NOT_FOUND', { kind: 'instance', id });
    return state;
  };
  return {
    async addInstance(input) {
      const { servers } = port;
      const engines = servers?.engines ?? null;
      await servers?.check(readInstance(port.config(), input, engines));
      await edit((overlay) => withAdded(port.config(), overlay, input, engines));
      return stateOf(input.id);
    },
    async drainInstance(id) {
      await edit((overlay) => withDrained(port.config(), overlay, id));
      return stateOf(id);
    },
    removeInstance: (id) => edit((overlay) => withRemoved(port.config(), overlay, id)),
  };
}

function tenantDuties(
  port: AdminPort,
): Pick<AdminBackend, 'budgets' | 'allBudgets' | 'setBudgets' | 'preferences' | 'setPreferences'> {
  const budgets = (tenant: string): readonly BalanceView[] => budgetsOf(port, tenant);
  return {
    budgets,
    allBudgets: () => allBudgetsOf(port),
    async setBudgets(tenant, inputs) {
      checkBudgets(inputs);
      await port.change('budgets', (overlay) => {
        const changed = new Map(overlay.budgets);
        if (inputs.length === 0) changed.delete(tenant);
        else changed.set(tenant, inputs);
        return { budgets: changed };
      });
      return budgets(tenant);
    },
    preferences: (tenant) => port.overlay().preferences.get(tenant) ?? null,
    async setPreferences(tenant, preferences) {
      checkMode(port.config(), preferences);
      await port.change('preferences', (overlay) => {
        const changed = new Map(overlay.preferences);
        if (preferences === null) changed.delete(tenant);
        else changed.set(tenant, preferences);
        return { preferences: changed };
      });
    },
  };
}

/** Longer than any place is called. */
const PLACE_CHARACTERS_MAX = 128;
const PLACES_MAX = 1_000;

function carbonDuties(port: AdminPort): Pick<AdminBackend, 'carbon' | 'setCarbon'> {
  const carbon = (): readonly CarbonView[] =>
    carbonViews(port.config().carbon, port.overlay().carbon, port.clock.nowMs());
  return {
    carbon,
    async setCarbon(place, pushed) {
      const refuse = (reason: string) => fault('BRS_ADMIN_INPUT', { place: 'place', reason });
      if (place === '' || place.length > PLACE_CHARACTERS_MAX) {
        throw refuse(`must have 1 to ${PLACE_CHARACTERS_MAX} characters`);
      }
      await port.change('carbon', (overlay) => {
        const changed = new Map(overlay.carbon);
        if (pushed === null) changed.delete(place);
        else changed.set(place, pushedCarbon(pushed, port));
        if (changed.size > PLACES_MAX) throw refuse(`there may be ${PLACES_MAX} places at most`);
        return { carbon: changed };
      });
      return carbon();
    },
  };
}

function pushedCarbon(
  { gramsPerKilowattHour, ttlSeconds }: NonNullable<Parameters<AdminBackend['setCarbon']>[1]>,
  port: AdminPort,
): PushedCarbon {
  const ageMs = ttlSeconds === undefined ? port.config().carbon.maxAgeMs : ttlSeconds * 1000;
  return { gramsPerKilowattHour, untilMs: port.clock.nowMs() + ageMs };
}

/** The tenant's balances of the current periods, and those that its first request would begin. */
function budgetsOf({ book, watch, clock }: AdminPort, tenant: string): BalanceView[] {
  const nowMs = clock.nowMs();
  const own = tenantPart(tenant);
  return book.rules.flatMap((rule) => {
    const { tenant: wanted, key, user, route } = rule.scope;
    if (wanted !== null && wanted !== '*' && wanted !== tenant) return [];
    const balances = book
      .current(rule, nowMs)
      .filter(({ scope }) => wanted === null || scope === own || scope.startsWith(`${own}&`));
    if (balances.length > 0)
      return balances.map((balance) => viewOf(rule, balance, watch.viewOf(balance)));
    if (key === '*' || user === '*' || route === '*') return [];
    const spender = { tenant, key: key ?? '', user, route: route ?? '' } as Spender;
    const startMs = book.startOf(rule, nowMs);
    return applicable([rule], spender).map(({ scope }) =>
      viewOf(
        rule,
        { scope, startMs, settled: ZERO, leased: ZERO, carried: ZERO },
        { pace: {}, warnings: {} },
      ),
    );
  });
}

/** The balances of the current periods, those of the first rules first. */
function allBudgetsOf({ book, watch, clock }: AdminPort): BalanceView[] {
  const nowMs = clock.nowMs();
  const views: BalanceView[] = [];
  for (const rule of book.rules) {
    for (const balance of book.current(rule, nowMs)) {
      if (views.length >= BALANCES_MAX) return views;
      views.push(viewOf(rule, balance, watch.viewOf(balance)));
    }
  }
  return views;
}

function checkBudgets(inputs: readonly BudgetInput[]): void {
  const seen = new Set<string>();
  for (const { per, tokens, usd, energyKilojoules } of inputs) {
    const refuse = (reason: string) =>
      fault('BRS_ADMIN_INPUT', { place: `budgets ${per}`, reason });
    if (seen.has(per)) throw refuse('there may be one budget per period: join them');
    seen.add(per);
    for (const limit of [tokens, usd, energyKilojoules]) {
      if (limit !== undefined && !(limit >= 0 && Number.isFinite(limit))) {
        throw refuse('a limit must be a number of 0 or more');
      }
    }
  }
}

function checkMode(config: Config, preferences: TenantPreferences | null): void {
  const mode = preferences?.mode ?? null;
  if (mode === null || config.modes.has(mode)) return;
  const known = [...config.modes.keys()].join(', ');
  throw fault('BRS_ADMIN_INPUT', {
    place: 'mode',
    reason: `there is no mode "${mode}": the policy has ${known}`,
  });
}

function decisionDuties(port: AdminPort): Pick<AdminBackend, 'decisions' | 'decision' | 'ledger'> {
  const { ledger } = port.store;
  return {
    ledger: (tenant) => ledger.totals(tenant === null ? {} : { tenant }),
    async decision(id) {
      const line = port.lines().find(({ worker }) => worker === workerOf(id));
      const remembered = line === undefined ? null : await line.decision(id);
      const outcome = await ledger.outcome(id);
      const verdicts = await ledger.verdicts(id);
      const judged = verdicts.length === 0 ? {} : { verdicts };
      if (remembered !== null) return { ...remembered, outcome, ...judged };
      return outcome === null ? null : { ...decisionOf(outcome), ...judged };
    },
    async decisions(wanted) {
      const limit = Math.min(Math.max(0, wanted), DECISIONS_MAX);
      const lists = await Promise.all(port.lines().map((line) => line.decisions(limit)));
      const remembered = lists.flat().sort(byNewest).slice(0, limit);
      const views = await Promise.all(
        remembered.map(async (view) => ({ ...view, outcome: await ledger.outcome(view.id) })),
      );
      if (views.length < limit) {
        const known = new Set<string>(views.map(({ id }) => id));
        for (const outcome of await ledger.latest(limit)) {
          if (!known.has(outcome.decision)) views.push(decisionOf(outcome));
        }
      }
      return views.sort(byNewest).slice(0, limit);
    },
  };
}

const byNewest = (a: DecisionView, b: DecisionView): number =>
  a.at === b.at ? 0 : a.at < b.at ? 1 : -1;
