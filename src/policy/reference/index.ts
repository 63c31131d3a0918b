/** The policy language, described: for editors and for the manual. Serving needs none of it. */
export { policyJsonSchema } from './json-schema.ts';
export { policyReference } from './markdown.ts';
