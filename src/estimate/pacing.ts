/**
 * The pacer: a shadow price per budget and quantity, raised while spending runs ahead of the period's
 * schedule and lowered while it runs behind. It is a dual ascent on the logarithm of the price.
 *
 * With `f` the share of the period that is over and `x` what is spent over what is to be spent by its
 * end, the schedule is `x = f`, and the lead over it, in shares of the time that is left, is
 * `e = (x − f) / max(1 − f, ε)`. Then
 *
 * `a ← a + (K/T)·e·Δf`  `u = a + K·e`  both within `[0, U]`  `λ = ρ·(e^u − 1)`
 *
 * with `a` = `learned`, the price that keeps to the schedule, found by integration, and `K·e` the haste of the
 * moment. `a` stands still while `u` is at a bound that `e` pushes against. `ρ` is the scale of the
 * quantity: a logarithm makes the order of magnitude a matter of time, not of tuning.
 */
export interface SpendingPace {
  /** `a`, in e-folds. */
  readonly learned: number;
  /** `u`, in e-folds, 0 to `LOG_PRICE_MAX`. */
  readonly logPrice: number;
  /** `f` when it was last looked at. */
  readonly elapsedRatio: number;
}

/** A price up to about nine million times its scale: no bid that has a rival outbids it by habit. */
export const LOG_PRICE_MAX = 16;
const GAIN = 200;
/** In shares of the period: how long a lasting lead takes to be learned. */
const LEARNING_RATIO = 0.05;
/** Near the end what is left to correct with is little; the gain rises up to here. */
const LEFT_RATIO_MIN = 0.02;
/** One look counts for so much of the period at most: a machine that slept learns nothing of its sleep. */
const STEP_RATIO_MAX = 0.02;

export const UNPACED: SpendingPace = { learned: 0, logPrice: 0, elapsedRatio: 0 };

const priced = (logPrice: number): number => Math.min(LOG_PRICE_MAX, Math.max(0, logPrice));

/** The pace after a look at the balance. Both ratios are 0 or more; time may run backwards. */
export function paceAt(
  pace: SpendingPace,
  { elapsedRatio, spentRatio }: { readonly elapsedRatio: number; readonly spentRatio: number },
): SpendingPace {
  const lead = (spentRatio - elapsedRatio) / Math.max(LEFT_RATIO_MIN, 1 - elapsedRatio);
  const step = Math.min(STEP_RATIO_MAX, Math.max(0, elapsedRatio - pace.elapsedRatio));
  const wanted = pace.learned + GAIN * lead;
  const isPushing = (lead > 0 && wanted >= LOG_PRICE_MAX) || (lead < 0 && wanted <= 0);
  const learned = isPushing
    ? pace.learned
    : priced(pace.learned + (GAIN / LEARNING_RATIO) * lead * step);
  return { learned, logPrice: priced(learned + GAIN * lead), elapsedRatio };
}

/** What the period that follows begins with: the price that its predecessor has learned. */
export const paceFollowing = ({ learned }: SpendingPace): SpendingPace => ({
  learned,
  logPrice: learned,
  elapsedRatio: 0,
});

/**
 * `ρ`, per unit of each quantity: a USD weighs a USD; a token 1 USD per million, a small model's rate;
 * a joule 0.36 USD per kilowatt-hour.
 */
const SCALES = { usd: 1, tokens: 1e-6, joules: 1e-7 } as const;

/** In USD per unit of the quantity. */
export const shadowPrice = (quantity: keyof typeof SCALES, { logPrice }: SpendingPace): number =>
  SCALES[quantity] * Math.expm1(logPrice);
