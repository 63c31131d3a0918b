import type { PiiType } from '../../contract/index.ts';

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
