import { Fault } from './kernel/index.ts';
import type { Clock, InstanceId } from './kernel/index.ts';
import type { BourseEvent, FleetSnapshot, Instance, KvEventsAt } from './contract/index.ts';
import { KvSubscriber, loadKvPackages } from './pool/index.ts';
import type { KvPackages } from './pool/index.ts';
import { KvMemory } from './prefix/index.ts';

export interface KvFeedParts {
  readonly clock: Clock;
  readonly onEvent: (event: BourseEvent) => void;
  /** Unset: from where they are installed. */
  readonly loadPackages?: () => Promise<KvPackages>;
}

interface Feed {
  /** What of the instance it was opened for. */
  readonly key: string;
  readonly subscribers: readonly KvSubscriber[];
}

/** Subscriptions to the instances of the fleet that publish the events of their KV memory. */
export class KvFeeds {
  readonly ranks = new Map<InstanceId, readonly KvMemory[]>();
  readonly #parts: KvFeedParts;
  readonly #feeds = new Map<InstanceId, Feed>();
  #fleet: FleetSnapshot | null = null;
  #packages: KvPackages | 'loading' | 'missing' | null = null;

  constructor(parts: KvFeedParts) {
    this.#parts = parts;
  }

  /** Opens what is new, and closes what is gone or stands elsewhere. */
  follow(fleet: FleetSnapshot): void {
    if (fleet === this.#fleet) return;
    this.#fleet = fleet;
    const publishing = new Map<InstanceId, Instance>();
    for (const { instance } of fleet.states) {
      if (instance.kvEvents !== undefined) publishing.set(instance.id, instance);
    }
    for (const [id, { key }] of this.#feeds) {
      const instance = publishing.get(id);
      if (instance === undefined || keyOf(instance) !== key) this.#close(id);
    }
    if (publishing.size === 0) return;
    if (this.#packages === null) void this.#load([...publishing.keys()]);
    if (typeof this.#packages === 'string' || this.#packages === null) return;
    for (const [id, instance] of publishing) {
      if (!this.#feeds.has(id)) this.#open(instance, this.#packages);
    }
  }

  close(): void {
    for (const id of this.#feeds.keys()) this.#close(id);
    this.#packages = 'missing';
  }

  /** Tells once of what is not installed: nothing is lost but what the events would have told. */
  async #load(ids: readonly InstanceId[]): Promise<void> {
    this.#packages = 'loading';
    try {
      const packages = await (this.#parts.loadPackages ?? loadKvPackages)();
      if (this.#packages !== 'loading') return;
      this.#packages = packages;
      const fleet = this.#fleet;
      this.#fleet = null;
      if (fleet !== null) this.follow(fleet);
    } catch (error) {
      this.#packages = 'missing';
      const reason = error instanceof Fault ? error.message : 'its packages cannot be loaded';
      for (const instance of ids) this.#parts.onEvent({ kind: 'kv-events-lost', instance, reason });
    }
  }

  #open(instance: Instance, packages: KvPackages): void {
    const { clock, onEvent } = this.#parts;
    const { id } = instance;
    const at = instance.kvEvents!;
    const memories = Array.from({ length: at.ranks }, () => new KvMemory());
    const subscribers = memories.map(
      (listener, rank) =>
        new KvSubscriber({
          ...ofRank(at, rank),
          packages,
          listener,
          clock,
          onLine: (isUp) =>
            onEvent(
              isUp
                ? { kind: 'kv-events-heard', instance: id }
                : { kind: 'kv-events-lost', instance: id, reason: 'the connection was lost' },
            ),
        }),
    );
    this.#feeds.set(id, { key: keyOf(instance), subscribers });
    this.ranks.set(id, memories);
  }

  #close(id: InstanceId): void {
    for (const subscriber of this.#feeds.get(id)?.subscribers ?? []) subscriber.close();
    this.#feeds.delete(id);
    this.ranks.delete(id);
  }
}

const keyOf = ({ kvEvents, url, model }: Instance): string =>
  JSON.stringify([kvEvents, url, model.upstreamName]);

function ofRank(
  { endpoint, replay, topic }: KvEventsAt,
  rank: number,
): Pick<KvEventsAt, 'endpoint' | 'replay' | 'topic'> {
  return {
    endpoint: portsOn(endpoint, rank),
    replay: replay === null ? null : portsOn(replay, rank),
    topic,
  };
}

function portsOn(address: string, ports: number): string {
  const colon = address.lastIndexOf(':') + 1;
  return address.slice(0, colon) + String(Number(address.slice(colon)) + ports);
}
