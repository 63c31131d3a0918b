import type { BudgetRule, ShadowPriceList, ShadowPrices } from '../contract/index.ts';
import type { Spender } from './budget-scope.ts';
import { LeaseSlots } from './lease-slots.ts';

/** Shadow prices by balance: `[rule|scope, end of the period, per USD, per token, per joule]` over and over. */
export type ShadowCells = (string | number)[];

interface Entry extends ShadowPrices {
  readonly endMs: number;
}

/** The shadow prices that a worker was told. One that it never heard of is nothing. */
export class ShadowView implements ShadowPriceList {
  readonly #entries = new Map<string, Entry>();
  #slots = new LeaseSlots([]);
  isPacing = false;

  setRules(rules: readonly BudgetRule[]): void {
    const paced = rules.filter(({ pacing }) => pacing !== undefined);
    this.#slots = new LeaseSlots(paced);
    this.isPacing = paced.length > 0;
    if (!this.isPacing) this.#entries.clear();
  }

  take(cells: ShadowCells): void {
    for (let i = 0; i < cells.length; i += 5) {
      const [key, ...numbers] = cells.slice(i, i + 5) as [string, number, number, number, number];
      const [endMs, perUsd, usdPerToken, usdPerJoule] = numbers;
      this.#entries.set(key, { endMs, perUsd, usdPerToken, usdPerJoule });
    }
    this.#slots.trim();
  }

  pricesFor(spender: Spender, nowMs: number): ShadowPrices | null {
    let perUsd = 0;
    let usdPerToken = 0;
    let usdPerJoule = 0;
    for (const { key } of this.#slots.of(spender)) {
      const entry = this.#entries.get(key);
      if (entry === undefined || entry.endMs <= nowMs) continue;
      perUsd += entry.perUsd;
      usdPerToken += entry.usdPerToken;
      usdPerJoule += entry.usdPerJoule;
    }
    const isFree = perUsd === 0 && usdPerToken === 0 && usdPerJoule === 0;
    return isFree ? null : { perUsd, usdPerToken, usdPerJoule };
  }
}
