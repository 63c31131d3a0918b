import { Fault, fault } from '../kernel/index.ts';
import type { Feedback } from '../contract/index.ts';

/** A correction is cut to no length: a longer one is refused. */
const CORRECTION_CHARACTERS_MAX = 16_384;
const ID_CHARACTERS_MAX = 64;
const MEMBERS = ['decision_id', 'score', 'thumb', 'correction', 'fit'];

/** Reads the body of `POST /v1/feedback`, or says what is wrong with it. */
export function readFeedback(bytes: Buffer): Feedback | Fault {
  if (bytes.length === 0) return fault('BRS_BODY_EMPTY');
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch {
    return fault('BRS_BODY_NOT_JSON', { reason: 'it cannot be parsed', offset: 0 });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return fault('BRS_BODY_NOT_OBJECT');
  }
  const members = body as Readonly<Record<string, unknown>>;
  const stranger = Object.keys(members).find((key) => !MEMBERS.includes(key));
  if (stranger !== undefined) {
    const remedy = `send ${MEMBERS.join(', ')}`;
    return fault('BRS_FIELD_UNSUPPORTED', { field: printableKey(stranger), remedy });
  }
  const { decision_id: decision, score, thumb, correction, fit } = members;
  if (decision === undefined) return fault('BRS_FIELD_MISSING', { field: 'decision_id' });
  if (typeof decision !== 'string' || decision.length > ID_CHARACTERS_MAX) {
    return wrong('decision_id', 'the decision id of an answer');
  }
  if (score !== undefined && !(typeof score === 'number' && score >= 0 && score <= 1)) {
    return wrong('score', 'a number from 0 to 1');
  }
  if (thumb !== undefined && thumb !== 'up' && thumb !== 'down') {
    return wrong('thumb', '"up" or "down"');
  }
  if (correction !== undefined && !isText(correction)) {
    return wrong('correction', `a text of 1 to ${CORRECTION_CHARACTERS_MAX} characters`);
  }
  if (fit !== undefined && fit !== 'underpowered' && fit !== 'overprovisioned') {
    return wrong('fit', '"underpowered" or "overprovisioned"');
  }
  const said = { score, thumb, correction, fit } as Partial<Feedback>;
  const known = Object.entries(said).filter(([, value]) => value !== undefined);
  if (known.length === 0) {
    return fault('BRS_FIELD_MISSING', { field: 'score, thumb, correction or fit' });
  }
  return { decision, ...(Object.fromEntries(known) as Partial<Feedback>) };
}

const isText = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && value.length <= CORRECTION_CHARACTERS_MAX;

const wrong = (field: string, expected: string): Fault =>
  fault('BRS_FIELD_TYPE', { field, expected }, { param: field });

const printableKey = (key: string): string => key.slice(0, 64).replaceAll(/[^\x20-\x7e]/g, '?');
