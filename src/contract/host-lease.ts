/** Sums of one balance. BigInt: pico-USD outgrow 2^53. */
export interface SharedAmounts {
  readonly tokens: bigint;
  readonly picoUsd: bigint;
  readonly microjoules: bigint;
}

/** What a host asks of a shared balance, in the name of all of its workers. */
export interface HostAsk {
  readonly balance: string;
  /** Less than this is not granted. */
  readonly need: SharedAmounts;
  /** At most this, `need` included. */
  readonly want: SharedAmounts;
  /** What may be settled and held in all. Null: no limit of that kind. */
  readonly most: { readonly [Quantity in keyof SharedAmounts]: bigint | null };
}

/** What leaves a host's lease: used for good, or not needed any more. */
export interface HostReport {
  readonly balance: string;
  readonly spent: SharedAmounts;
  readonly returned: SharedAmounts;
}

/**
 * An ability of a store that several hosts share: it grants slices of balances to hosts, as a keeper
 * grants slices to its workers. Every call is one atomic step of the store, and what it has resolved
 * survives every host. A host that neither asks, reports nor renews for longer than its leases last
 * has spent them: they settle in full, and what it reports of them later changes nothing.
 */
export interface HostLeases {
  /** Resolves with what was added to the host's lease; null where what is left does not cover `need`. */
  grant(host: string, ask: HostAsk): Promise<SharedAmounts | null>;
  report(host: string, reports: readonly HostReport[]): Promise<void>;
  /** Keeps all leases of a host for another term. Resolves with the balances that it still holds leases of. */
  renew(host: string): Promise<readonly string[]>;
  /** What is settled, and what hosts hold. */
  shared(
    balance: string,
  ): Promise<{ readonly settled: SharedAmounts; readonly held: SharedAmounts }>;
  close(): Promise<void>;
}
