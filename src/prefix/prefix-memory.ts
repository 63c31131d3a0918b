import type { InstanceId } from '../kernel/index.ts';
import type { FleetSnapshot, Instance, Mandate, PromptPrefix } from '../contract/index.ts';
import type { PromptChain, RoutedPrompt, Usage, Workload } from '../contract/index.ts';
import { InstancePrefixes } from './instance-prefixes.ts';
import type { ExpectedPrefix } from './instance-prefixes.ts';
import { chainPrompt } from './prompt-chain.ts';
import { rootOf, segmentsOf } from './prompt-segments.ts';

/** One dispatch, until its usage is known. */
export interface PendingPrefix extends RoutedPrompt {
  readonly expected: ExpectedPrefix;
}

/** Blocks of all instances together, about 50 bytes each, and what each has at least and at most. */
const BLOCKS_MAX = 262_144;
const INSTANCE_BLOCKS_MIN = 1_024;
const INSTANCE_BLOCKS_MAX = 16_384;
/** Prompts that other workers have not been told of yet; beyond, they are not told. */
const NEWS_MAX = 64;

interface Known {
  readonly instance: Instance;
  readonly prefixes: InstancePrefixes;
  promptTokensTotal: number;
}

/**
 * What a worker believes of the prefix caches of the fleet: fed by what is dispatched, here and by
 * other workers, corrected by what engines report. It forgets an instance that begins anew, which
 * shows by its counter of prompt tokens or by its being down.
 */
export class PrefixMemory {
  readonly #known = new Map<InstanceId, Known>();
  readonly #opened = new WeakMap<Workload, OpenPrompt>();
  #fleet: FleetSnapshot | null = null;
  #blocksMax = INSTANCE_BLOCKS_MAX;
  #news: RoutedPrompt[] = [];

  /** Null for a prompt that has no block, or none that anybody could share. */
  open(workload: Workload, mandate: Mandate, fleet: FleetSnapshot): PromptPrefix | null {
    if (fleet !== this.#fleet) this.#look(fleet);
    if (workload.surface === 'embeddings') return null;
    const chain = chainPrompt(rootOf(workload, mandate), segmentsOf(workload, mandate));
    const opened = new OpenPrompt(chain, this.#known);
    this.#opened.set(workload, opened);
    return opened;
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

  /** What came of it; `usage` null where the engine did not say. */
  settled(pending: PendingPrefix, instance: Instance, usage: Usage | null): void {
    const { prefixes } = this.#of(instance);
    if (instance.id !== pending.instance) {
      prefixes.absorb(pending.chain, pending.promptTokens, this.#blocksMax);
    } else if (usage !== null) {
      prefixes.correct(pending.expected, usage.cachedTokens, usage.outputTokens);
    }
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
    const fresh = { instance, prefixes: new InstancePrefixes(), promptTokensTotal: 0 };
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
    }
    for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id);
  }
}

class OpenPrompt implements PromptPrefix {
  readonly chain: PromptChain;
  readonly #known: ReadonlyMap<InstanceId, Known>;

  constructor(chain: PromptChain, known: ReadonlyMap<InstanceId, Known>) {
    this.chain = chain;
    this.#known = known;
  }

  cachedShare(instance: InstanceId): number {
    return this.#known.get(instance)?.prefixes.cachedShare(this.chain) ?? 0;
  }
}
