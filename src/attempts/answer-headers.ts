import { PICO_PER_USD } from '../estimate/index.ts';
import type { AttemptsResult, AwardedDecision, Bid, RESPONSE_HEADERS } from '../contract/index.ts';

type AnswerHeader = (typeof RESPONSE_HEADERS)[keyof typeof RESPONSE_HEADERS];

/** What the serving attempt adds to the head of an answer. */
export interface AnswerHead {
  readonly contentType: string;
  readonly isStream: boolean;
  /** Counted from 1. */
  readonly attempt: number;
  /** Known before the head is sent only for unstreamed answers; null otherwise, and where the price is unknown. */
  readonly chargedPicoUsd: number | null;
  /** Null for streams, whose head goes out before it is known. */
  readonly energy: Pick<AttemptsResult, 'energyMicrojoules' | 'energySource'> | null;
  /** Safe to send as it is; null: no budget of the caller's own is nearly used up. */
  readonly budgetWarning: string | null;
  readonly upstreamRequestId: string | undefined;
}

/**
 * The head of an answer: lower-case names. What the winner had promised is shown as `unknown` where
 * it did not tell. The length is left to the server: guards may still change the body.
 */
export function answerHeaders(
  { workload, mandate, result }: AwardedDecision,
  bid: Bid,
  head: AnswerHead,
): Record<string, string> {
  const { instance, costUsd, energyJoules, ttftMs } = bid;
  const headers = {
    'content-type': head.contentType,
    'x-bourse-decision-id': workload.id,
    'x-bourse-route': headerText(mandate.route),
    'x-bourse-model': headerText(instance.model.id),
    'x-bourse-instance': headerText(instance.id),
    'x-bourse-mode': headerText(mandate.mode),
    'x-bourse-bid-usd': costUsd === null ? UNKNOWN : usdText(costUsd.mean * PICO_PER_USD),
    'x-bourse-bid-energy-j': energyJoules === null ? UNKNOWN : decimalText(energyJoules.mean),
    'x-bourse-bid-ttft-ms': decimalText(ttftMs.mean),
  } satisfies Partial<Record<AnswerHeader | 'content-type', string>> as Record<string, string>;
  if (head.isStream) {
    headers['cache-control'] = 'no-cache';
    // nginx would otherwise collect the events and hand them on in pieces.
    headers['x-accel-buffering'] = 'no';
  } else {
    const charged = head.chargedPicoUsd;
    headers['x-bourse-charged-usd'] = charged === null ? UNKNOWN : usdText(charged);
  }
  if (head.energy !== null) {
    const { energyMicrojoules, energySource } = head.energy;
    headers['x-bourse-energy-j'] =
      energySource === 'unknown' ? UNKNOWN : decimalText(energyMicrojoules / 1e6);
    headers['x-bourse-energy-source'] = energySource;
  }
  if (result.propensity < 1) headers['x-bourse-propensity'] = propensityText(result.propensity);
  if (head.budgetWarning !== null) headers['x-bourse-budget-warning'] = head.budgetWarning;
  if (head.attempt > 1) headers['x-bourse-attempt'] = String(head.attempt);
  if (head.upstreamRequestId !== undefined && isSafeId(head.upstreamRequestId)) {
    headers['x-bourse-upstream-request-id'] = head.upstreamRequestId;
  }
  return headers;
}

/** Chances that are weighed by their inverse need more than thousandths. */
const propensityText = (chance: number): string => chance.toFixed(6);

const UNKNOWN = 'unknown';
const PICO_DIGITS = 12;

/** Pico-USD as a decimal string of USD, exact to the last digit: 12 345 000 → `0.000012345000`. */
export function usdText(picoUsd: number): string {
  if (!Number.isFinite(picoUsd) || picoUsd < 0) return UNKNOWN;
  const rounded = Math.round(picoUsd);
  const digits = (rounded < 1e21 ? String(rounded) : BigInt(rounded).toString()).padStart(
    PICO_DIGITS + 1,
    '0',
  );
  return `${digits.slice(0, -PICO_DIGITS)}.${digits.slice(-PICO_DIGITS)}`;
}

/** To the thousandth. Two whole numbers: the shortest text of a fraction takes several times as long to find. */
function decimalText(value: number): string {
  const thousandths = Math.round(value * 1000);
  if (!(thousandths >= 0 && thousandths < INTEGER_TEXT_MAX)) {
    return Number.isFinite(thousandths) ? String(thousandths / 1000) : UNKNOWN;
  }
  const whole = Math.floor(thousandths / 1000);
  const rest = thousandths - whole * 1000;
  if (rest === 0) return `${whole}`;
  if (rest % 100 === 0) return `${whole}.${rest / 100}`;
  if (rest % 10 === 0) return rest < 100 ? `${whole}.0${rest / 10}` : `${whole}.${rest / 10}`;
  return `${whole}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`;
}

/** Beyond it, a whole number is no longer exact, or no longer written in digits alone. */
const INTEGER_TEXT_MAX = 2 ** 53;

/** An operator's name as a header can carry it: percent-encoded where it is not printable ASCII. */
export function headerText(text: string): string {
  return isPrintable(text) ? text : encodeURIComponent(text.toWellFormed());
}

function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

const ID_LENGTH_MAX = 128;

function isSafeId(id: string): boolean {
  return id.length > 0 && id.length <= ID_LENGTH_MAX && isPrintable(id);
}
