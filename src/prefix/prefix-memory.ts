import type { InstanceId } from '../kernel/index.ts';
import type { FleetSnapshot, Instance, Mandate, PromptPrefix } from '../contract/index.ts';
import type { PromptChain, RoutedPrompt, Usage, Workload } from '../contract/index.ts';
import { InstancePrefixes } from './instance-prefixes.ts';
import type { ExpectedPrefix } from './instance-prefixes.ts';
import type { KvMemory } from './kv-memory.ts';
import { chainPrompt } from './prompt-chain.ts';
import { rootOf, segmentsOf } from './prompt-segments.ts';

/** One dispatch, until its usage is known. */
export interface PendingPrefix extends RoutedPrompt {
  readonly expected: ExpectedPrefix;
}

/** A prompt of some 250 tokens is read in milliseconds: where its beginning is cached changes no award. */
const PROMPT_BYTES_MIN = 1_024;
/** Blocks of all instances together, about 50 bytes each, and what each has at least and at most. */
const BLOCKS_MAX = 262_144;
const INSTANCE_BLOCKS_MIN = 1_024;
const INSTANCE_BLOCKS_MAX = 16_384;
/** Prompts that other workers have not been told of yet; beyond, they are not told. */
const NEWS_MAX = 64;

/** One memory for each data-parallel rank of an instance. */
export type RanksByInstance = ReadonlyMap<InstanceId, readonly KvMemory[]>;

interface Known {
  readonly instance: Instance;
  readonly prefixes: InstancePrefixes;
  promptTokensTotal: number;
  /** It tells what its KV memory holds. */
  publishes: boolean;
}

/**
 * What a worker believes of the prefix caches of the fleet: fed by what is dispatched, here and by
 * other workers, corrected by what engines report. It forgets an instance that begins anew, which
 * shows by its counter of prompt tokens or by its being down.
 */
export class PrefixMemory {
  readonly #known = new Map<InstanceId, Known>();
  readonly #opened = new WeakMap<Workload, OpenPrompt>();
  readonly #ranks: RanksByInstance | null;
  #fleet: FleetSnapshot | null = null;
  #blocksMax = INSTANCE_BLOCKS_MAX;
  #news: RoutedPrompt[] = [];

  /** `ranks`: of instances that publish the events of their KV memory, as they come and go. */
  constructor(ranks: RanksByInstance | null = null) {
    this.#ranks = ranks;
  }

  /** Null for a prompt that nobody could share, or that is too short for it to matter. */
  open(workload: Workload, mandate: Mandate, fleet: FleetSnapshot): PromptPrefix | null {
    if (fleet !== this.#fleet) this.#look(fleet);
    if (workload.surface === 'embeddings') return null;
    const before = this.#opened.get(workload);
    if (before !== undefined && before.mandate === mandate) return before;
    const injected = mandate.injection.systemPrompt?.text.length ?? 0;
    if (workload.promptBytes + injected < PROMPT_BYTES_MIN) return null;
    const chain = chainPrompt(rootOf(workload, mandate), segmentsOf(workload, mandate));
    const opened = new OpenPrompt(chain, mandate, this);
    this.#opened.set(workload, opened);
    return opened;
  }

  /** Share of the prompt, 0–1, that the instance is expected to have cached. */
  cachedShare(chain: PromptChain, instance: InstanceId): number {
    const known = this.#known.get(instance);
    if (known === undefined) return 0;
    const believed = known.prefixes.cachedShare(chain);
    if (!known.publishes) return believed;
    const ranks = this.#ranks?.get(instance);
    return ranks === undefined ? believed : shareOf(ranks, chain, believed);
  }

  /** The prompt goes to an instance; null where it was not opened. */
  dispatched(workload: Workload, instance: Instance, promptTokens: number): PendingPrefix | null {
    const chain = this.#opened.get(workload)?.chain;
    if (chain === undefined || chain.hashes.length === 0) return null;
    const { prefixes } = this.#of(instance);
    const expected = prefixes.dispatch(chain, promptTokens, this.#blocksMax);
    const routed = { instance: instance.id, chain, promptTokens };
    const isNew = expected.knownTokens < (promptTokens * chain.ends.at(-1)!) / chain.totalBytes;
    if (isNew && this.#news.length < NEWS_MAX) this.#news.push(routed);
    return { ...routed, expected };
  }

  /**
   * What came of it: `instance` has computed the prompt, null: nobody has; `usage` null where the engine did not say. A prompt
   * that its instance refused or never began must not count as cached there: whoever sends it again would make the engine a liar.
   */
  settled(pending: PendingPrefix, instance: Instance | null, usage: Usage | null): void {
    const { chain, promptTokens, expected } = pending;
    if (instance?.id !== pending.instance) {
      this.#known.get(pending.instance)?.prefixes.withdraw(chain, expected.knownBlocks);
      const news = this.#news.findIndex((told) => told.chain === chain);
      if (news >= 0) this.#news.splice(news, 1);
    }
    if (instance === null) return;
    const { prefixes } = this.#of(instance);
    if (instance.id !== pending.instance) prefixes.absorb(chain, promptTokens, this.#blocksMax);
    else if (usage !== null) prefixes.correct(expected, usage.cachedTokens, usage.outputTokens);
  }

  /** What was dispatched with blocks that were new here, since the last call. */
  takeNews(): readonly RoutedPrompt[] {
    const news = this.#news;
    if (news.length > 0) this.#news = [];
    return news;
  }

  /** What another worker has dispatched. */
  hear(news: readonly RoutedPrompt[]): void {
    for (const { instance, chain, promptTokens } of news) {
      this.#known.get(instance)?.prefixes.absorb(chain, promptTokens, this.#blocksMax);
    }
  }

  #of(instance: Instance): Known {
    const known = this.#known.get(instance.id);
    const isSame =
      known !== undefined &&
      known.instance.url === instance.url &&
      known.instance.model.upstreamName === instance.model.upstreamName;
    if (isSame) return known;
    const fresh = {
      instance,
      prefixes: new InstancePrefixes(),
      promptTokensTotal: 0,
      publishes: false,
    };
    this.#known.set(instance.id, fresh);
    return fresh;
  }

  #look(fleet: FleetSnapshot): void {
    this.#fleet = fleet;
    const share = Math.floor(BLOCKS_MAX / Math.max(1, fleet.states.length));
    this.#blocksMax = Math.min(INSTANCE_BLOCKS_MAX, Math.max(INSTANCE_BLOCKS_MIN, share));
    const present = new Set<InstanceId>();
    for (const { instance, lifecycle, telemetry } of fleet.states) {
      present.add(instance.id);
      const known = this.#of(instance);
      const total = telemetry.promptTokensTotal ?? known.promptTokensTotal;
      if (lifecycle === 'down' || total < known.promptTokensTotal) known.prefixes.forget();
      known.promptTokensTotal = total;
      known.publishes = instance.kvEvents !== undefined && this.#ranks !== null;
    }
    for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id);
  }
}

/** Which of its ranks a request comes to, an instance decides by load: any of them alike. */
function shareOf(ranks: readonly KvMemory[], chain: PromptChain, believed: number): number {
  let sum = 0;
  for (let i = 0; i < ranks.length; i++) sum += ranks[i]!.cachedShare(chain, believed);
  return sum / ranks.length;
}

class OpenPrompt implements PromptPrefix {
  readonly chain: PromptChain;
  readonly mandate: Mandate;
  readonly #memory: PrefixMemory;

  constructor(chain: PromptChain, mandate: Mandate, memory: PrefixMemory) {
    this.chain = chain;
    this.mandate = mandate;
    this.#memory = memory;
  }

  cachedShare(instance: InstanceId): number {
    return this.#memory.cachedShare(this.chain, instance);
  }
}
