import { isPromise } from '../kernel/index.ts';
import type { Clock, MaybeAsync } from '../kernel/index.ts';
import type {
  AwardedDecision,
  Bid,
  ComparedAnswer,
  CacheCandidate,
  CacheConfig,
  CacheEntry,
  CacheBound,
  CacheHit,
  CachePeers,
  CacheNews,
  CacheRule,
  CacheStanding,
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
import { isTimeSensitive } from '../text/index.ts';
import { compareAnswers } from '../match/index.ts';
import { RecordingSink } from './answer-record.ts';
import { bypassReason } from './bypass.ts';
import { Coalescing } from './coalescing.ts';
import { WAIT_MS_MAX } from './flights.ts';
import type { Landed } from './flights.ts';
import { Matching } from './matching.ts';
import { withMeanings } from './reading.ts';
import type { CacheReading } from './reading.ts';
import type { Digest } from './key-writer.ts';
import { readKey } from './request-key.ts';
import type { RequestKey } from './request-key.ts';
import type { Shelf } from './shelf.ts';
import { Shelves } from './shelves.ts';
import { isRefreshed, mayServe } from './may-serve.ts';
import type { Ask } from './may-serve.ts';
import type { Visit } from './visit.ts';

export interface CacheParts {
  readonly clock: Clock;
  readonly config: () => CacheConfig | undefined;
  readonly digest: Digest;
  /** Null: nothing is served by meaning. */
  readonly openTexts: (() => TextReading) | null;
  /** The number that this worker's decision ids have. */
  readonly worker: number;
  /** Tells the other workers, and who keeps it. */
  readonly tell: (news: readonly CacheNews[]) => void;
  /** Unset: there are no others. */
  readonly peers?: CachePeers;
}

/** Stored questions that are looked at closely. */
const NEIGHBOURS = 4;
/** Questions that are farther apart than this are not compared. */
const COSINE_MIN = 0.5;
/** Longer turns are told apart by more than a sentence vector sees. */
const QUESTION_CHARACTERS_MAX = 2_000;

/** The stored answers of one worker, told of those of the others. */
export class ResponseCache {
  readonly #parts: CacheParts;
  readonly #shelves: Shelves;
  readonly #matchings = new Map<string, Matching>();
  readonly #coalescing: Coalescing;
  #read: CacheReading | null = null;
  readonly #visits = new WeakMap<Workload, Visit>();
  /** By decision, from the dispatch to the settling. */
  readonly #underWay = new Map<string, Visit>();

  constructor(parts: CacheParts) {
    this.#parts = parts;
    this.#shelves = new Shelves(parts);
    this.#coalescing = new Coalescing(parts.clock, parts.peers);
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
    const key = isOpen ? readKey(workload, { mandate, rule, digest: this.#parts.digest }) : null;
    const visit: Visit = {
      workload,
      rule,
      ruleName: mandate.isNamed ? 'named' : mandate.route,
      key,
      vector: null,
      judged: null,
      isSolitary: false,
      waitsUntilMs: null,
      record: null,
      isWhole: false,
    };
    this.#visits.set(workload, visit);
    if (key === null) return null;
    if (isRefreshed(workload)) return null;
    const ask = { workload, mandate, fleet };
    const found = rule.isExact ? this.#exact(key, ask) : null;
    if (found !== null) return found;
    const flight = rule.isExact ? this.#coalescing.join(key) : null;
    if (flight !== null) {
      visit.waitsUntilMs = this.#parts.clock.monotonicMs() + WAIT_MS_MAX;
      return flight.then((landed) => {
        visit.isSolitary = landed === 'private';
        return landed !== null && landed !== 'private' && mayServe(landed, ask)
          ? { ...this.#hit(landed, null), isShared: true }
          : this.#byMeaning(visit, ask, signals);
      });
    }
    return this.#byMeaning(visit, ask, signals);
  }

  /** A model is about to be asked. The answer instead that the same request has got elsewhere; null: there is none. */
  depart(decision: AwardedDecision): MaybeAsync<StoredHit | null> {
    const visit = this.#visits.get(decision.workload);
    if (visit === undefined || visit.key === null || visit.isSolitary) return null;
    const { isExact, coalesces } = visit.rule;
    if (!isExact || this.#coalescing.isAlone(coalesces) || isRefreshed(visit.workload)) return null;
    return this.#meet(decision, visit.key, visit);
  }

  async #meet(
    { workload, mandate, fleet }: AwardedDecision,
    key: RequestKey,
    { rule, waitsUntilMs: untilMs }: Visit,
  ): Promise<StoredHit | null> {
    const ask = { workload, mandate, fleet };
    const find = (): CacheEntry | null => this.#exact(key, ask)?.entry ?? null;
    const departure = { key, id: workload.id, reach: rule.coalesces, untilMs, find };
    const entry = await this.#coalescing.depart(departure);
    return entry !== null && mayServe(entry, ask)
      ? { ...this.#hit(entry, null), isShared: true }
      : null;
  }

  /** The client's sink with the answer written down while it passes; the sink itself where nothing is to be stored. */
  recording({ workload }: Decision, client: ResponseSink): ResponseSink {
    const visit = this.#visits.get(workload);
    if (visit === undefined) return client;
    const { key } = visit;
    if (key === null) return new RecordingSink(client, 'bypass', () => {});
    this.#coalescing.lead(key, workload.id);
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
    if (!isStorable) return this.#land(visit, outcome.status === 'ok' ? 'private' : null);
    const accuracy = bid?.accuracy?.mean ?? null;
    this.#parts.clock.after(0, () => this.#take(visit, outcome, accuracy));
  }

  /** A stored answer goes to the client. One that was found by meaning may be wrong. */
  served({ workload }: Pick<Decision, 'workload'>, { entry, similarity }: StoredHit): void {
    const visit = this.#visits.get(workload) ?? null;
    const isSemantic = similarity !== null && visit !== null && visit.judged !== null;
    this.#shelves
      .at(entry.scope)
      ?.noteServed(workload.id, { id: entry.id, visit: isSemantic ? visit : null });
    if (!isSemantic) return;
    const { key, ruleName, rule, judged } = visit;
    this.#matching(key!.scope).served(judged!, ruleName, rule.semantic!);
    this.#shelves.at(key!.scope)?.used(judged!.held);
  }

  hear(news: readonly CacheNews[]): void {
    for (const each of news) {
      if (each.kind === 'stored') this.#shelves.put(each.entry, null);
      else if (each.kind === 'removed') for (const id of each.ids) this.#shelves.drop(id);
      else if (each.kind === 'rejected') this.#reject(each.decision);
      else if (each.kind === 'forgotten') this.#shelves.forget(each.selector);
      else this.#hearCompared(each.compared);
    }
  }

  standing(): CacheStanding {
    const bounds: CacheBound[] = [];
    for (const matching of this.#matchings.values()) bounds.push(...matching.bounds());
    return { ...this.#shelves.standing(), bounds };
  }

  /** Whether the request meets the cache at all; null: nothing was looked up for it. */
  statusOf(workload: Workload): 'miss' | 'bypass' | null {
    const visit = this.#visits.get(workload);
    if (visit === undefined) return null;
    return visit.key === null ? 'bypass' : 'miss';
  }

  /** A wrong answer goes, and where it was served by meaning, that is learned too. */
  #reject(decision: string): void {
    const served = this.#shelves.reject(decision);
    if (served === null) return;
    this.#parts.tell([{ kind: 'removed', ids: [served.id] }]);
    const { visit } = served;
    if (visit !== null) this.#learn(visit, false);
  }

  #exact(key: RequestKey, ask: Ask): StoredHit | null {
    const held = this.#shelves.at(key.scope)?.find(key, this.#parts.clock.nowMs()) ?? null;
    if (held === null || !mayServe(held.entry, ask)) return null;
    this.#shelves.at(key.scope)!.used(held);
    return this.#hit(held.entry, null);
  }

  #hit(entry: CacheEntry, similarity: number | null): StoredHit {
    const ageMs = Math.max(0, this.#parts.clock.nowMs() - entry.storedAtMs);
    return { kind: 'stored-hit', entry, ageMs, similarity };
  }

  #byMeaning(
    visit: Visit,
    ask: Ask,
    signals: SignalReader,
  ): MaybeAsync<StoredHit | CacheCandidate | null> {
    const { key, rule, workload, ruleName } = visit;
    if (this.#parts.openTexts === null || rule.semantic === null || key === null) return null;
    if (key.contextBytes === key.bytes.length) return null;
    const question = workload.lastUserText();
    if (question === '' || question.length > QUESTION_CHARACTERS_MAX) return null;
    if (workload.modality().audio) return null;
    const shelf = this.#shelves.open(key.scope);
    if (shelf === null) return null;
    this.#matching(key.scope).countRequest(ruleName, rule.semantic);
    visit.vector = this.#reading().vectorOf(workload, signals);
    const fetched = shelf.isCrowded ? this.#fetch(key, visit.vector) : null;
    if (fetched === null) return this.#candidate(visit, ask, shelf);
    return fetched.then(() => {
      const found = rule.isExact ? this.#exact(key, ask) : null;
      return found ?? this.#candidate(visit, ask, shelf);
    });
  }

  /** Brings what is nearest in the store, and has had no room here; null: the store has no more than this. */
  #fetch(key: RequestKey, vector: Float32Array): Promise<void> | null {
    const { peers, config, clock, digest } = this.#parts;
    if (peers === undefined || config()?.server?.entriesMax === undefined) return null;
    const { scope, bytes, contextBytes } = key;
    const context = digest(bytes.subarray(0, contextBytes));
    const nowMs = clock.nowMs();
    const take = (found: readonly CacheEntry[]): void => {
      const shelf = this.#shelves.open(scope);
      for (const entry of found.toSorted((a, b) => b.storedAtMs - a.storedAtMs)) {
        if (entry.expiresAtMs > nowMs && shelf?.answers(entry) === false)
          this.#shelves.put(entry, null);
      }
    };
    return peers.nearest({ scope, context, vector, count: NEIGHBOURS, nowMs }).then(take);
  }

  #candidate(visit: Visit, ask: Ask, shelf: Shelf): MaybeAsync<CacheCandidate | null> {
    const { rule, workload, ruleName, vector } = visit;
    const key = visit.key!;
    const semantic = rule.semantic!;
    const question = workload.lastUserText();
    const matching = this.#matching(key.scope);
    const reading = this.#reading();
    const nowMs = this.#parts.clock.nowMs();
    const neighbours = shelf.nearest(key, vector!, { count: NEIGHBOURS, nowMs });
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
      prefer: rule.prefer,
    });
    if (judged.choice !== 'serve' || rule.storesPersonal) return candidate(judged.choice);
    const personal = reading.isPersonal(question);
    if (!isPromise(personal)) return candidate(personal ? 'miss' : 'serve');
    return personal.then((isPersonal) => candidate(isPersonal ? 'miss' : 'serve'));
  }

  /** Compares the fresh answer with the stored one that stood beside it, and stores it where it may be stored. */
  #take(visit: Visit, outcome: Outcome, accuracy: number | null): void {
    const answer = visit.record?.read(visit.workload) ?? null;
    if (answer === null) return this.#land(visit, 'private');
    this.#compare(visit, answer.text);
    const entry = this.#entryOf(visit, outcome, { ...answer, accuracy });
    const isPrivate = this.#isPrivate(visit);
    const conclude = (isBarred: boolean): void => {
      if (isBarred) return this.#land(visit, 'private');
      const gone = this.#shelves.put(entry, visit.rule.entriesMax);
      const keepsMore = this.#parts.config()?.server?.entriesMax !== undefined;
      const removed: string[] = [];
      let isKept = true;
      for (const each of gone) {
        const { id, cause } = each;
        if (id !== entry.id) this.#shelves.lost(each);
        if (keepsMore && cause === 'room') continue;
        if (id === entry.id) isKept = false;
        else removed.push(id);
      }
      if (removed.length > 0) this.#parts.tell([{ kind: 'removed', ids: removed }]);
      if (isKept) this.#parts.tell([{ kind: 'stored', entry }]);
      this.#land(visit, entry);
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

  #land({ key, workload }: Visit, landed: Landed): void {
    if (key !== null) this.#coalescing.land(key, workload.id, landed);
  }

  /** What another worker has compared; by its route's own bound where the route is known here. */
  #hearCompared(compared: ComparedAnswer): void {
    if (this.#shelves.open(compared.scope) === null) return;
    this.#matching(compared.scope).learn(compared, compared.semantic);
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
