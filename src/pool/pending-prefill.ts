/** Shorter ones tell the time of a round trip, and not that of a token. */
const TELLING_TOKENS = 64;
const STEP = 0.2;

/**
 * Prompts that an instance has been sent and whose first token has not come. Engines take them one after another, so of the
 * first some has been computed by now: how much, the pace of those before it tells.
 */
export class PendingPrefill {
  readonly #prompts: number[] = [];
  #tokens = 0;
  #msPerToken = 0;
  /** When the engine can have begun with the first. */
  #firstSinceMs = 0;

  begin(tokens: number, nowMs: number): void {
    if (this.#prompts.length === 0) this.#firstSinceMs = nowMs;
    this.#prompts.push(tokens);
    this.#tokens += tokens;
  }

  /** The first token of such a prompt has come, or it has been given up. */
  end(tokens: number, nowMs: number): void {
    const at = this.#prompts.indexOf(tokens);
    if (at < 0) return;
    this.#prompts.splice(at, 1);
    this.#tokens = this.#prompts.length === 0 ? 0 : this.#tokens - tokens;
    if (at > 0) return;
    if (tokens >= TELLING_TOKENS) {
      const paceMs = (nowMs - this.#firstSinceMs) / tokens;
      this.#msPerToken += (this.#msPerToken === 0 ? 1 : STEP) * (paceMs - this.#msPerToken);
    }
    this.#firstSinceMs = nowMs;
  }

  /** Tokens that are yet to be computed, by the pace so far; all of them as long as there is none. */
  tokensLeft(nowMs: number): number {
    if (this.#prompts.length === 0) return 0;
    if (this.#msPerToken <= 0) return this.#tokens;
    const done = (nowMs - this.#firstSinceMs) / this.#msPerToken;
    return this.#tokens - Math.min(this.#prompts[0]!, Math.max(0, done));
  }
}
