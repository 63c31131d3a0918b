import { isPromise } from '../kernel/index.ts';
import type { Clock, MaybeAsync } from '../kernel/index.ts';
import type {
  Bid,
  ComparedAnswer,
  CacheCandidate,
  CacheConfig,
  CacheEntry,
  CacheHit,
  CacheNews,
  CacheRule,
  CacheSelector,
  Decision,
  FleetSnapshot,
  Mandate,
  Outcome,
  ResponseSink,
  SignalReader,
  TextReading,
  StoredHit,
  Workload,
} from '../contract/index.ts';
import { fitsSelector } from '../contract/index.ts';
import { isTimeSensitive } from '../text/index.ts';
import { compareAnswers } from '../match/index.ts';
import { RecordingSink } from './answer-record.ts';
import { bypassReason } from './bypass.ts';
import { Flights } from './flights.ts';
import { Matching } from './matching.ts';
import { withMeanings } from './reading.ts';
import type { CacheReading } from './reading.ts';
import { readKey } from './request-key.ts';
import type { RequestKey } from './request-key.ts';
import { Shelf } from './shelf.ts';
import type { Served } from './shelf.ts';
import type { Visit } from './visit.ts';

export interface CacheParts {
  readonly clock: Clock;
  readonly config: () => CacheConfig | undefined;
  /** Null: nothing is served by meaning. */
  readonly openTexts: (() => TextReading) | null;
  /** Tells the other workers, and who keeps it. */
  readonly tell: (news: readonly CacheNews[]) => void;
}

/** Stored questions that are looked at closely. */
const NEIGHBOURS = 4;
/** Questions that are farther apart than this are not compared. */
const COSINE_MIN = 0.5;
/** Longer turns are told apart by more than a sentence vector sees. */
const QUESTION_CHARACTERS_MAX = 2_000;
const NO_LIMITS = { entriesMax: 0, bytesMax: 0, scopesMax: 0 };

/** The stored answers of one worker, told of those of the others. */
export class ResponseCache {
  readonly #parts: CacheParts;
  readonly #shelves = new Map<string, Shelf>();
  readonly #matchings = new Map<string, Matching>();
  readonly #flights: Flights;
  #read: CacheReading | null = null;
  readonly #visits = new WeakMap<Workload, Visit>();
  /** By decision, from the dispatch to the settling. */
  readonly #underWay = new Map<string, Visit>();
  readonly #scopeOfId = new Map<string, string>();

  constructor(parts: CacheParts) {
    this.#parts = parts;
    this.#flights = new Flights(parts.clock);
  }

  /** A stored answer to the request, or a candidate for it. Waits only for the same request that is under way. */
  lookUp(
    workload: Workload,
    mandate: Mandate,
    fleet: FleetSnapshot,
    signals: SignalReader,
  ): MaybeAsync<CacheHit | CacheCandidate | null> {
    const { cache: rule } = mandate;
    if (rule === undefined) return null;
    const isOpen = bypassReason(workload, mandate, rule) === null;
    const key = isOpen ? readKey(workload, mandate, rule) : null;
    const visit: Visit = {
      workload,
      rule,
      ruleName: mandate.isNamed ? 'named' : mandate.route,
      key,
      vector: null,
      judged: null,
      record: null,
      isWhole: false,
    };
    this.#visits.set(workload, visit);
    if (key === null) return null;
    if (isRefreshed(workload)) return null;
    const ask = { workload, mandate, fleet };
    const found = rule.isExact ? this.#exact(key, ask) : null;
    if (found !== null) return found;
    const flight = rule.isExact ? this.#flights.join(key) : null;
    if (flight !== null) {
      return flight.then((entry) =>
        entry !== null && mayServe(entry, ask)
          ? this.#hit(entry, null)
          : this.#byMeaning(visit, ask, signals),
      );
    }
    return this.#byMeaning(visit, ask, signals);
  }

  /** The client's sink with the answer written down while it passes; the sink itself where nothing is to be stored. */
  recording({ workload }: Decision, client: ResponseSink): ResponseSink {
    const visit = this.#visits.get(workload);
    if (visit === undefined) return client;
    const { key } = visit;
    if (key === null) return new RecordingSink(client, 'bypass', () => {});
    this.#flights.lead(key, workload.id);
    this.#underWay.set(workload.id, visit);
    visit.record = new RecordingSink(client, 'miss', (isWhole) => {
      visit.isWhole = isWhole;
    });
    return visit.record;
  }

  /** The request is over. What is stored of it is stored in a while: nobody waits for that. */
  settled(outcome: Outcome, bid: Pick<Bid, 'accuracy'> | null): void {
    const visit = this.#underWay.get(outcome.decision);
    if (visit === undefined) return;
    this.#underWay.delete(outcome.decision);
    const isStorable = visit.isWhole && outcome.status === 'ok' && outcome.instance !== null;
    if (!isStorable) return this.#land(visit, null);
    const accuracy = bid?.accuracy?.mean ?? null;
    this.#parts.clock.after(0, () => this.#take(visit, outcome, accuracy));
  }

  /** A stored answer goes to the client. One that was found by meaning may be wrong. */
  served({ workload }: Pick<Decision, 'workload'>, { entry, similarity }: StoredHit): void {
    const visit = this.#visits.get(workload) ?? null;
    const isSemantic = similarity !== null && visit !== null && visit.judged !== null;
    this.#shelves
      .get(entry.scope)
      ?.noteServed(workload.id, { id: entry.id, visit: isSemantic ? visit : null });
    if (!isSemantic) return;
    const { key, ruleName, rule, judged } = visit;
    this.#matching(key!.scope).served(judged!, ruleName, rule.semantic!);
    this.#shelves.get(key!.scope)?.used(judged!.held);
  }

  hear(news: readonly CacheNews[]): void {
    for (const each of news) {
      if (each.kind === 'stored') this.#put(each.entry, null);
      else if (each.kind === 'removed') for (const id of each.ids) this.#drop(id);
      else if (each.kind === 'rejected') this.#reject(each.decision);
      else if (each.kind === 'forgotten') this.#forget(each.selector);
      else this.#hearCompared(each.compared);
    }
  }

  get size(): number {
    let size = 0;
    for (const shelf of this.#shelves.values()) size += shelf.size;
    return size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const shelf of this.#shelves.values()) bytes += shelf.bytes;
    return bytes;
  }

  /** A wrong answer goes, and where it was served by meaning, that is learned too. */
  #reject(decision: string): void {
    this.#drop(decision);
    let served: Served | null = null;
    for (const shelf of this.#shelves.values()) served ??= shelf.takeServed(decision);
    if (served === null) return;
    this.#drop(served.id);
    this.#parts.tell([{ kind: 'removed', ids: [served.id] }]);
    const { visit } = served;
    if (visit !== null) this.#learn(visit, false);
  }

  #forget(selector: CacheSelector): void {
    const ids: string[] = [];
    for (const shelf of this.#shelves.values()) {
      for (const { entry } of shelf.entries())
        if (fitsSelector(entry, selector)) ids.push(entry.id);
    }
    for (const id of ids) this.#drop(id);
  }

  #exact(key: RequestKey, ask: Ask): StoredHit | null {
    const held = this.#shelves.get(key.scope)?.find(key, this.#parts.clock.nowMs()) ?? null;
    if (held === null || !mayServe(held.entry, ask)) return null;
    this.#shelves.get(key.scope)!.used(held);
    return this.#hit(held.entry, null);
  }

  #hit(entry: CacheEntry, similarity: number | null): StoredHit {
    const ageMs = Math.max(0, this.#parts.clock.nowMs() - entry.storedAtMs);
    return { kind: 'stored-hit', entry, ageMs, similarity };
  }

  #byMeaning(visit: Visit, ask: Ask, signals: SignalReader): MaybeAsync<CacheCandidate | null> {
    const { key, rule, workload, ruleName } = visit;
    const { semantic } = rule;
    const { openTexts } = this.#parts;
    if (openTexts === null || semantic === null || key === null) return null;
    if (key.contextBytes === key.bytes.length) return null;
    const question = workload.lastUserText();
    if (question === '' || question.length > QUESTION_CHARACTERS_MAX) return null;
    const { image, audio } = workload.modality();
    if (image || audio) return null;
    const shelf = this.#shelf(key.scope);
    if (shelf === null) return null;
    const matching = this.#matching(key.scope);
    matching.countRequest(ruleName, semantic);
    const reading = this.#reading();
    visit.vector = reading.vectorOf(workload, signals);
    const nowMs = this.#parts.clock.nowMs();
    const neighbours = shelf.nearest(key, visit.vector, { count: NEIGHBOURS, nowMs });
    const able = neighbours.filter(
      ({ held, cosine }) => cosine >= COSINE_MIN && mayServe(held.entry, ask),
    );
    const match = matching.best(question, able, reading);
    if (match === null) return null;
    if (!rule.storesTimeSensitive && isTimeSensitive(question)) return null;
    const judged = matching.judge(match, ruleName, semantic);
    visit.judged = judged;
    const candidate = (choice: CacheCandidate['choice']): CacheCandidate => ({
      kind: 'candidate',
      hit: this.#hit(judged.held.entry, judged.cosine),
      wrong: judged.wrong,
      choice,
      maxErrorRate: semantic.maxErrorRate,
    });
    if (judged.choice !== 'serve' || rule.storesPersonal) return candidate(judged.choice);
    const personal = reading.isPersonal(question);
    if (!isPromise(personal)) return candidate(personal ? 'miss' : 'serve');
    return personal.then((isPersonal) => candidate(isPersonal ? 'miss' : 'serve'));
  }

  /** Compares the fresh answer with the stored one that stood beside it, and stores it where it may be stored. */
  #take(visit: Visit, outcome: Outcome, accuracy: number | null): void {
    const answer = visit.record?.read(visit.workload) ?? null;
    if (answer === null) return this.#land(visit, null);
    this.#compare(visit, answer.text);
    const entry = this.#entryOf(visit, outcome, { ...answer, accuracy });
    const isPrivate = this.#isPrivate(visit);
    const conclude = (isBarred: boolean): void => {
      if (isBarred) return this.#land(visit, null);
      const gone = this.#put(entry, visit.rule.entriesMax);
      this.#land(visit, entry);
      const isKept = !gone.includes(entry.id);
      const removed = gone.filter((id) => id !== entry.id);
      if (removed.length > 0) this.#parts.tell([{ kind: 'removed', ids: removed }]);
      if (isKept) this.#parts.tell([{ kind: 'stored', entry }]);
    };
    if (!isPromise(isPrivate)) return conclude(isPrivate);
    isPrivate.then(conclude, () => conclude(true));
  }

  /** Whether the conversation says something that is not to be stored. */
  #isPrivate({ workload, rule }: Visit): MaybeAsync<boolean> {
    const question = workload.lastUserText();
    if (!rule.storesTimeSensitive && isTimeSensitive(question)) return true;
    if (rule.storesPersonal || this.#parts.openTexts === null) return false;
    const said: string[] = [];
    for (const { role, text } of workload.messages()) {
      if (role !== 'system' && role !== 'developer' && text !== '') said.push(text);
    }
    return this.#reading().isPersonal(said.join('\n'));
  }

  #compare(visit: Visit, fresh: string): void {
    const { judged } = visit;
    if (judged === null) return;
    const isSame = compareAnswers(judged.held.entry.answer.text, fresh, this.#reading());
    if (isSame !== null) this.#learn(visit, isSame);
  }

  #learn({ judged, key, rule, ruleName }: Visit, isSame: boolean): void {
    if (judged === null || key === null || rule.semantic === null) return;
    const { dense, buckets } = judged.pair;
    const isExplored = judged.choice === 'explore';
    const { semantic } = rule;
    const compared = {
      scope: key.scope,
      rule: ruleName,
      semantic,
      dense,
      buckets,
      isSame,
      isExplored,
    };
    this.#matching(key.scope).learn(compared, rule.semantic);
    this.#parts.tell([{ kind: 'compared', compared }]);
  }

  #entryOf(
    { workload, rule, key, vector, ruleName }: Visit,
    outcome: Outcome,
    answer: {
      readonly text: string;
      readonly finishReason: string;
      readonly accuracy: number | null;
    },
  ): CacheEntry {
    const nowMs = this.#parts.clock.nowMs();
    const { bytes, contextBytes, scope } = key!;
    const { promptTokens, outputTokens } = outcome.usage;
    return {
      id: outcome.decision,
      tenant: scope === '*' ? null : workload.caller.tenant,
      scope,
      route: ruleName,
      key: new Uint8Array(bytes),
      contextBytes,
      question: workload.lastUserText(),
      vector: vector === null ? this.#vectorOf(workload, rule) : vector.slice(),
      answer: {
        ...answer,
        model: outcome.model!,
        instance: outcome.instance!,
        promptTokens,
        outputTokens,
        costPicoUsd: outcome.costPicoUsd,
        ttftMs: outcome.ttftMs,
        totalMs: outcome.totalMs,
      },
      tags: rule.tags,
      storedAtMs: nowMs,
      expiresAtMs: nowMs + rule.ttlMs,
    };
  }

  /** Of a question that nothing was looked up for; null where none will be. */
  #vectorOf(workload: Workload, { semantic }: CacheRule): Float32Array | null {
    if (semantic === null || this.#parts.openTexts === null) return null;
    return this.#reading().embedOne(workload.lastUserText());
  }

  #land({ key, workload }: Visit, entry: CacheEntry | null): void {
    if (key !== null) this.#flights.land(key, workload.id, entry);
  }

  /** What another worker has compared; by its route's own bound where the route is known here. */
  #hearCompared(compared: ComparedAnswer): void {
    if (this.#shelf(compared.scope) === null) return;
    this.#matching(compared.scope).learn(compared, compared.semantic);
  }

  /** Gives the ids of what had to go. */
  #put(entry: CacheEntry, routeMax: number | null): readonly string[] {
    const shelf = this.#shelf(entry.scope);
    if (shelf === null) return [entry.id];
    const gone = shelf.put(entry, routeMax);
    for (const id of gone) this.#scopeOfId.delete(id);
    if (!gone.includes(entry.id)) this.#scopeOfId.set(entry.id, entry.scope);
    return gone;
  }

  #drop(id: string): void {
    const scope = this.#scopeOfId.get(id);
    if (scope === undefined) return;
    this.#shelves.get(scope)?.remove(id);
    this.#scopeOfId.delete(id);
  }

  #shelf(scope: string): Shelf | null {
    let shelf = this.#shelves.get(scope);
    if (shelf !== undefined) return shelf;
    const { entriesMax, bytesMax, scopesMax } = this.#parts.config() ?? NO_LIMITS;
    if (this.#shelves.size >= scopesMax) return null;
    shelf = new Shelf({ entriesMax, bytesMax });
    this.#shelves.set(scope, shelf);
    return shelf;
  }

  #reading(): CacheReading {
    return (this.#read ??= withMeanings(this.#parts.openTexts!()));
  }

  #matching(scope: string): Matching {
    let matching = this.#matchings.get(scope);
    if (matching === undefined) {
      matching = new Matching(scope);
      this.#matchings.set(scope, matching);
    }
    return matching;
  }
}

interface Ask {
  readonly workload: Workload;
  readonly mandate: Mandate;
  readonly fleet: FleetSnapshot;
}

/** The constraints of a request bind stored answers too: what may not answer now has not answered before. */
function mayServe({ answer }: CacheEntry, { mandate, fleet }: Ask): boolean {
  const { models, rules, limits } = mandate;
  if (models !== null && !models.has(answer.model)) return false;
  if (limits.minAccuracy !== null && (answer.accuracy ?? 0) < limits.minAccuracy) return false;
  if (rules.length === 0) return true;
  for (const { instance } of fleet.states) {
    if (instance.id === answer.instance) return rules.every((rule) => rule.permits(instance));
  }
  return false;
}

/** The client wants a fresh answer, which may be stored for others. */
const isRefreshed = (workload: Workload): boolean =>
  workload.header('cache-control')?.includes('no-cache') === true;
