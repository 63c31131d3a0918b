import type { Amounts } from '../contract/index.ts';
import type { AmountCells } from './protocol.ts';

/**
 * A worker's slice of one balance. `free` may be reserved at once; what is reserved is neither in
 * `free` nor in `spent`; `spent` is settled and not yet reported. Doubles hold all three exactly:
 * what would not fit is reported or returned first.
 */
export class LocalLease {
  readonly balance: string;
  readonly endMs: number;
  freeTokens = 0;
  freePicoUsd = 0;
  freeMicrojoules = 0;
  spentTokens = 0;
  spentPicoUsd = 0;
  spentMicrojoules = 0;
  /** Nothing is reserved from it any more; what comes back goes to the keeper. */
  isRetired = false;
  isDirty = false;
  /** `Clock.monotonicMs` of the last reservation. */
  usedMs = 0;

  constructor(balance: string, endMs: number) {
    this.balance = balance;
    this.endMs = endMs;
  }

  get hasFree(): boolean {
    return this.freeTokens > 0 || this.freePicoUsd > 0 || this.freeMicrojoules > 0;
  }

  covers(tokens: number, picoUsd: number, microjoules: number): boolean {
    return (
      this.freeTokens >= tokens &&
      this.freePicoUsd >= picoUsd &&
      this.freeMicrojoules >= microjoules
    );
  }

  take(tokens: number, picoUsd: number, microjoules: number): void {
    this.freeTokens -= tokens;
    this.freePicoUsd -= picoUsd;
    this.freeMicrojoules -= microjoules;
  }

  /** What was unused, or a new slice. */
  free(amounts: Amounts, returned: AmountCells): void {
    const tokens = this.freeTokens + amounts.tokens;
    const picoUsd = this.freePicoUsd + amounts.picoUsd;
    const microjoules = this.freeMicrojoules + amounts.microjoules;
    const isExact = Math.max(tokens, picoUsd, microjoules) <= Number.MAX_SAFE_INTEGER;
    if (this.isRetired || !isExact) {
      pushCells(returned, this.balance, amounts);
      return;
    }
    this.freeTokens = tokens;
    this.freePicoUsd = picoUsd;
    this.freeMicrojoules = microjoules;
  }

  spend(amounts: Amounts, reported: AmountCells): void {
    const tokens = this.spentTokens + amounts.tokens;
    const picoUsd = this.spentPicoUsd + amounts.picoUsd;
    const microjoules = this.spentMicrojoules + amounts.microjoules;
    if (Math.max(tokens, picoUsd, microjoules) > Number.MAX_SAFE_INTEGER) {
      pushCells(reported, this.balance, amounts);
      return;
    }
    this.spentTokens = tokens;
    this.spentPicoUsd = picoUsd;
    this.spentMicrojoules = microjoules;
  }

  /** Everything that is free goes back. */
  giveUp(returned: AmountCells): void {
    if (!this.hasFree) return;
    returned.push(this.balance, this.freeTokens, this.freePicoUsd, this.freeMicrojoules);
    this.take(this.freeTokens, this.freePicoUsd, this.freeMicrojoules);
  }

  report(reported: AmountCells): void {
    this.isDirty = false;
    const { spentTokens, spentPicoUsd, spentMicrojoules } = this;
    if (spentTokens === 0 && spentPicoUsd === 0 && spentMicrojoules === 0) return;
    reported.push(this.balance, spentTokens, spentPicoUsd, spentMicrojoules);
    this.spentTokens = 0;
    this.spentPicoUsd = 0;
    this.spentMicrojoules = 0;
  }
}

function pushCells(cells: AmountCells, balance: string, amounts: Amounts): void {
  const { tokens, picoUsd, microjoules } = amounts;
  if (tokens === 0 && picoUsd === 0 && microjoules === 0) return;
  cells.push(balance, tokens, picoUsd, microjoules);
}
