/** What signals tell apart, as policies name it. */

/** The classes of MMLU-Pro. */
export const DOMAINS = [
  'biology',
  'business',
  'chemistry',
  'computer science',
  'economics',
  'engineering',
  'health',
  'history',
  'law',
  'math',
  'other',
  'philosophy',
  'physics',
  'psychology',
] as const;

export type Domain = (typeof DOMAINS)[number];

/** What eld distinguishes: ISO 639-1 codes. */
export const LANGUAGES: readonly string[] = (
  'am ar az be bg bn ca cs da de el en es et eu fa fi fr gu he hi hr hu hy is it ja ka kn ko ku lo ' +
  'lt lv ml mr ms nl no or pa pl pt ro ru sk sl sq sr sv ta te th tl tr uk ur vi yo zh'
).split(' ');

/** The entity types of Presidio's evaluation sets, in the order in which tables list them. */
export const PII_TYPES = [
  'PERSON',
  'GPE',
  'ORGANIZATION',
  'STREET_ADDRESS',
  'TITLE',
  'NRP',
  'DATE_TIME',
  'AGE',
  'ZIP_CODE',
  'PHONE_NUMBER',
  'US_DRIVER_LICENSE',
  'CREDIT_CARD',
  'US_SSN',
  'EMAIL_ADDRESS',
  'DOMAIN_NAME',
  'IBAN_CODE',
  'IP_ADDRESS',
] as const;

export type PiiType = (typeof PII_TYPES)[number];
