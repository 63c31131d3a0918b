import type { PiiType } from '../../../contract/index.ts';

/**
 * What a piece of text is by its form alone. The first ones need no context; the later ones only
 * tell the tagger what they look like.
 */
export const EMAIL = 1;
export const WEB_ADDRESS = 2;
export const IBAN = 3;
export const IP_ADDRESS = 4;
export const CARD = 5;
export const SSN = 6;
export const DATE = 7;
export const PHONE = 8;
/** The first kind that needs context. */
export const NUMBER_GROUP = 9;
export const CODE = 10;
export const CLOCK = 11;
export const NO_PATTERN = 0;

/** The type of a kind that needs no context. */
export const CERTAIN_TYPES: readonly (PiiType | null)[] = [
  null,
  'EMAIL_ADDRESS',
  'DOMAIN_NAME',
  'IBAN_CODE',
  'IP_ADDRESS',
  'CREDIT_CARD',
  'US_SSN',
  'DATE_TIME',
  'PHONE_NUMBER',
];

export const isCertain = (kind: number): boolean => kind > NO_PATTERN && kind < NUMBER_GROUP;
