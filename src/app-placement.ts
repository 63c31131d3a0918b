import type { AttemptsResult, AwardedDecision, KeeperClient } from './contract/index.ts';
import type { PlacementNews, RunAttempts, ServedSession } from './contract/index.ts';
import type { KvEvents } from './app-kv-events.ts';
import { PrefixMemory, SessionMemory } from './prefix/index.ts';

/** What a worker remembers of where prompts and sessions went, shared with the other workers. */
export class PlacementMemory {
  readonly prefixes: PrefixMemory;
  readonly sessions = new SessionMemory();
  readonly #keeper: Partial<Pick<KeeperClient, 'tellPlacements' | 'onPlacements'>>;

  readonly #kv: KvEvents | null;

  constructor(
    keeper: Partial<Pick<KeeperClient, 'tellPlacements' | 'onPlacements'>>,
    kv: KvEvents | null = null,
  ) {
    this.#keeper = keeper;
    this.#kv = kv;
    this.prefixes = new PrefixMemory(kv?.ranks);
    kv?.onRendered((rendered) =>
      keeper.tellPlacements?.({ prompts: [], sessions: [], rendered: [rendered] }),
    );
    keeper.onPlacements?.((news) => this.#hear(news));
  }

  /** Attempts that tell where a prompt and its session went, and what the engine reported of its cache. */
  feedBy(run: RunAttempts): RunAttempts {
    return (decision, ceiling, sink, onDone) => {
      const { workload, result } = decision;
      const first = result.ranked[0]!;
      const pending = this.prefixes.dispatched(workload, first.instance, first.promptTokens);
      if (pending === null && workload.session === null) {
        return run(decision, ceiling, sink, onDone);
      }
      return run(decision, ceiling, sink, (done) => {
        const { bid, usage, status, ttftMs, attempts } = done;
        const isTold = status === 'ok' && !usage.isEstimated && attempts.length === 1;
        if (pending !== null) {
          const isComputed = bid !== null && (status === 'ok' || ttftMs !== null);
          this.prefixes.settled(pending, isComputed ? bid.instance : null, isTold ? usage : null);
          if (bid?.instance.kvEvents !== undefined && status === 'ok') {
            this.#kv?.served(decision, bid.instance, pending.chain);
          }
        }
        this.#tell(sessionServed(decision, done));
        onDone(done);
      });
    };
  }

  #tell(served: ServedSession | null): void {
    if (served !== null) this.sessions.served(served);
    const prompts = this.prefixes.takeNews();
    if (served === null && prompts.length === 0) return;
    this.#keeper.tellPlacements?.({ prompts, sessions: served === null ? [] : [served] });
  }

  #hear({ prompts, sessions, rendered }: PlacementNews): void {
    this.prefixes.hear(prompts);
    if (rendered !== undefined) this.#kv?.hear(rendered);
    for (const served of sessions) this.sessions.served(served);
  }
}

/** Null where no session was served. */
function sessionServed(
  { workload }: AwardedDecision,
  { bid, status, usage: total, attempts }: AttemptsResult,
): ServedSession | null {
  const { session, surface, caller } = workload;
  if (session === null || bid === null || status !== 'ok' || surface === 'embeddings') return null;
  const usage = attempts.at(-1)?.share?.usage ?? total;
  const tokens = usage.promptTokens + usage.outputTokens;
  return { tenant: caller.tenant, session, instance: bid.instance.id, tokens };
}
