import type { Clock, InstanceId } from './kernel/index.ts';
import type { AwardedDecision, BourseEvent, Engine, FleetSnapshot } from './contract/index.ts';
import type { Instance, PromptChain, RenderedChain } from './contract/index.ts';
import { prepareCall } from './attempts/index.ts';
import { KvFeeds } from './app-kv-feeds.ts';
import type { KvFeedParts } from './app-kv-feeds.ts';
import { PromptRenderer } from './pool/index.ts';
import type { KvMemory, RanksByInstance, RenderedPrompt } from './prefix/index.ts';
import { prefixSaltOf } from './wire/index.ts';

export interface KvEventsParts extends KvFeedParts {
  readonly clock: Clock;
  readonly engines: readonly Engine[];
  readonly fleet: () => FleetSnapshot;
  readonly onEvent: (event: BourseEvent) => void;
  /** Unset: the servers of the instances. */
  readonly renderer?: Pick<PromptRenderer, 'render' | 'close'>;
}

/** A prompt that an instance has served. */
interface Served {
  readonly decision: AwardedDecision;
  readonly instance: Instance;
  readonly chain: PromptChain;
}

/** Prompts of one instance that wait to be rendered; what is more is dropped, and rendered when it comes again. */
const WAITING_MAX = 32;
/** What the prompts of all instances that wait may hold. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;
/** Between two prompts of one instance. */
const APART_MS = 50;
const FLEET_LOOK_MS = 1_000;

/**
 * What a worker hears of the KV memory of engines: it listens to their events, and has each prompt that is
 * new to it rendered once after it was served, so that the tokens of the events are known again by the
 * bytes of later prompts. All of it off the path of requests, and nothing where no instance publishes.
 */
export class KvEvents {
  readonly #parts: KvEventsParts;
  readonly #feeds: KvFeeds;
  readonly #renderer: Pick<PromptRenderer, 'render' | 'close'>;
  readonly #waiting = new Map<InstanceId, Served[]>();
  readonly #busy = new Set<InstanceId>();
  readonly #look: NodeJS.Timeout;
  #waitingBytes = 0;
  #isClosed = false;
  #tell: (rendered: RenderedChain) => void = () => {};

  constructor(parts: KvEventsParts) {
    this.#parts = parts;
    this.#feeds = new KvFeeds(parts);
    this.#renderer = parts.renderer ?? new PromptRenderer(() => parts.clock.monotonicMs());
    this.#feeds.follow(parts.fleet());
    this.#look = setInterval(() => this.#feeds.follow(parts.fleet()), FLEET_LOOK_MS).unref();
  }

  get ranks(): RanksByInstance {
    return this.#feeds.ranks;
  }

  /** Who tells other workers how prompts are rendered. */
  onRendered(tell: (rendered: RenderedChain) => void): void {
    this.#tell = tell;
  }

  /** What another worker had rendered. */
  hear(rendered: readonly RenderedChain[]): void {
    for (const each of rendered) {
      for (const rank of this.ranks.get(each.instance) ?? []) rank.learn(each);
    }
  }

  /** An instance has served the prompt and still holds it. */
  served(decision: AwardedDecision, instance: Instance, chain: PromptChain): void {
    const ranks = this.ranks.get(instance.id);
    if (ranks === undefined || ranks.every((rank) => rank.recalls(chain))) return;
    const { workload } = decision;
    const { image, audio } = workload.modality();
    const bytes = workload.body.bytes.length;
    // What stands for pictures in the events cannot be worked out from outside.
    if (image || audio || this.#waitingBytes + bytes > WAITING_BYTES_MAX) return;
    const waiting = this.#waiting.get(instance.id) ?? [];
    if (waiting.length >= WAITING_MAX) return;
    this.#waiting.set(instance.id, waiting);
    this.#waitingBytes += bytes;
    waiting.push({ decision, instance, chain });
    if (!this.#busy.has(instance.id)) void this.#work(instance.id, waiting);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#look);
    this.#waiting.clear();
    this.#feeds.close();
    await this.#renderer.close();
  }

  /** One after another, never more often than `APART_MS`. */
  async #work(id: InstanceId, waiting: Served[]): Promise<void> {
    this.#busy.add(id);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      this.#waitingBytes -= next.decision.workload.body.bytes.length;
      await this.#render(next).catch(() => undefined);
      if (this.#isClosed) return;
      await new Promise<void>((resolve) => void this.#parts.clock.after(APART_MS, resolve));
    }
    this.#busy.delete(id);
    this.#waiting.delete(id);
  }

  /** Rejects where the request cannot be put to the instance any more. */
  async #render({ decision, instance, chain }: Served): Promise<void> {
    const ranks = this.ranks.get(instance.id);
    const at = instance.kvEvents;
    const engine = this.#parts.engines.find(({ kind }) => kind === instance.engine);
    if (ranks === undefined || at === undefined || engine === undefined) return;
    if (ranks.every((rank) => rank.recalls(chain))) return;
    const state = this.#parts.fleet().states.find((each) => each.instance.id === instance.id);
    const { call } = prepareCall(decision, instance, {
      engine,
      state,
      ceilingTokens: null,
      limitTokens: null,
    });
    const { path, headers, body } = call;
    const sent =
      at.renderUrl === null
        ? { url: instance.url, path, headers, body }
        : { url: at.renderUrl, path, headers: { 'content-type': 'application/json' }, body };
    const tokenIds = await this.#renderer.render(sent);
    if (tokenIds === null || this.#isClosed) return;
    const { workload, policy } = decision;
    const isApart = policy.config.server.keepsPrefixesApart === true;
    const salt = prefixSaltOf(workload, isApart);
    const prompts = viewsOf(tokenIds, salt, instance.model.upstreamName);
    const rendering = renderedBy(ranks, chain, prompts);
    if (rendering === null) return;
    const rendered = { instance: instance.id, ...rendering };
    for (const rank of ranks) rank.learn(rendered);
    this.#tell(rendered);
  }
}

/** By the rank that served it. */
function renderedBy(
  ranks: readonly KvMemory[],
  chain: PromptChain,
  prompts: readonly RenderedPrompt[],
): ReturnType<KvMemory['render']> {
  for (const rank of ranks) {
    const rendering = rank.render(chain, prompts);
    if (rendering !== null) return rendering;
  }
  return null;
}

/** How an engine may see a prompt: by the model itself, or by an adapter of its name, which all of its blocks are hashed with. */
function viewsOf(
  tokenIds: readonly number[],
  salt: string | null,
  adapter: string,
): RenderedPrompt[] {
  const first = salt === null ? [] : [salt];
  const further = [adapter];
  const everyBlock = tokenIds.map((_, i) => (i === 0 ? [adapter, ...first] : further));
  return [
    { tokenIds, adapter: null, extraKeys: salt === null ? [] : [first] },
    { tokenIds, adapter, extraKeys: everyBlock },
    { tokenIds, adapter, extraKeys: salt === null ? [] : [first] },
  ];
}
