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

/** Names that data sets and other detectors use for the same types. */
const OTHER_NAMES: ReadonlyMap<string, PiiType> = new Map([
  ['LOCATION', 'GPE'],
  ['ADDRESS', 'STREET_ADDRESS'],
  ['URL', 'DOMAIN_NAME'],
  ['IBAN', 'IBAN_CODE'],
  ['SSN', 'US_SSN'],
  ['DATE', 'DATE_TIME'],
  ['ORG', 'ORGANIZATION'],
]);

/** `name` in our own words where it is another name of a type of ours; else `name` itself. */
export const canonicalPiiType = (name: string): string => OTHER_NAMES.get(name) ?? name;
