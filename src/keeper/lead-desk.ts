import type { Clock, Timer } from '../kernel/index.ts';
import type { CacheEnd, CacheLead, CacheStore } from '../contract/index.ts';
import type { LeadAsk, LeadStanding } from './protocol.ts';
import type { StorePatience } from './store-patience.ts';
import type { WorkerLine } from './worker-line.ts';

export interface LeadDeskPort {
  readonly clock: Clock;
  /** Null, or without `lead`: there are no other hosts. */
  readonly store: Pick<CacheStore, 'lead'> | null;
  readonly patience: StorePatience;
  /** Runs when what was told before is appended, or cannot be. */
  readonly afterAppended: (run: () => void) => void;
}

/** Nobody waits longer for another request's answer. */
const LEAD_MS_MAX = 30_000;
/** Of more requests at once nobody can tell who leads. */
const LED_MAX = 100_000;

interface Place {
  readonly line: Pick<WorkerLine, 'post'>;
  readonly call: number;
}

/** A request that is being answered, here or at another host. */
interface Led {
  readonly digest: string;
  readonly timer: Timer;
  /** Who leads; null: another host does. */
  leader: Place | null;
  readonly followers: Place[];
  /** The lead among hosts. */
  lead: CacheLead | null;
  isOver: boolean;
}

/** Of one request at many workers, and at many hosts, one leads; the others hear when it has ended. */
export class LeadDesk {
  readonly #port: LeadDeskPort;
  readonly #byDigest = new Map<string, Led>();

  constructor(port: LeadDeskPort) {
    this.#port = port;
  }

  ask(line: Place['line'], { call, digest, reach }: LeadAsk): void {
    const place = { line, call };
    const under = this.#byDigest.get(digest);
    if (under !== undefined) {
      under.followers.push(place);
      return tell(place, 'follow');
    }
    if (this.#byDigest.size >= LED_MAX) return tell(place, 'lead');
    const { clock, store, patience } = this.#port;
    const timer = clock.after(LEAD_MS_MAX, () => this.#end(led, 'over'));
    const led: Led = { digest, timer, leader: place, followers: [], lead: null, isOver: false };
    this.#byDigest.set(digest, led);
    if (reach === 'host' || store?.lead === undefined || patience.isResting()) tell(place, 'lead');
    else void this.#askStore(led, place, store.lead(digest));
  }

  /** By the leader; whoever else says it follows no longer. */
  release(
    line: Place['line'],
    {
      call,
      digest,
      end,
    }: { readonly call: number; readonly digest: string; readonly end: CacheEnd },
  ): void {
    const led = this.#byDigest.get(digest);
    if (led === undefined) return;
    const isOwn = (place: Place | null): boolean => place?.line === line && place.call === call;
    if (isOwn(led.leader)) return this.#end(led, end);
    const at = led.followers.findIndex(isOwn);
    if (at >= 0) led.followers.splice(at, 1);
  }

  /** The worker is gone, with what it led. */
  lost(line: Place['line']): void {
    for (const led of this.#byDigest.values()) {
      const others = led.followers.filter((place) => place.line !== line);
      led.followers.splice(0, led.followers.length, ...others);
      if (led.leader?.line === line) this.#end(led, 'over');
    }
  }

  /** Other hosts wait for nothing of this one any more. */
  async close(): Promise<void> {
    const released: Promise<void>[] = [];
    for (const led of this.#byDigest.values()) {
      if (led.lead?.kind === 'lead') released.push(led.lead.release('over'));
      led.lead = null;
      this.#end(led, 'over');
    }
    await Promise.all(released);
  }

  async #askStore(led: Led, place: Place, asked: Promise<CacheLead>): Promise<void> {
    const answered = await this.#port.patience.inTime(asked);
    if (answered === null) {
      // It may still come to lead: nobody would end that.
      asked.then(letGo, () => {});
      return tell(place, 'lead');
    }
    const { answer } = answered;
    if (led.isOver) return letGo(answer);
    if (answer.kind === 'lead') {
      led.lead = answer;
      return tell(place, 'lead');
    }
    led.leader = null;
    led.followers.unshift(place);
    tell(place, 'follow');
    this.#end(led, await answer.ended);
  }

  #end(led: Led, end: CacheEnd): void {
    if (led.isOver) return;
    led.isOver = true;
    this.#port.clock.cancel(led.timer);
    this.#byDigest.delete(led.digest);
    for (const place of led.followers) tell(place, end);
    const { lead } = led;
    if (lead?.kind === 'lead') this.#port.afterAppended(() => void lead.release(end));
  }
}

const tell = ({ line, call }: Place, standing: LeadStanding): void =>
  line.post({ kind: 'lead', call, standing });

function letGo(lead: CacheLead): void {
  if (lead.kind === 'lead') void lead.release('over');
}
