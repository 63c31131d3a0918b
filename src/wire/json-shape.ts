import { isObject } from './usage.ts';

/** How deep a schema and its value are followed; beyond, everything fits. */
const DEPTH_MAX = 32;
/** Places of the value that are looked at; beyond, everything fits. */
const PLACES_MAX = 20_000;

/**
 * Whether a value has the shape that a JSON Schema asks for: `type`, `enum`, `const`, `properties`,
 * `required`, `additionalProperties`, `items`, `minItems`, `maxItems`, `anyOf`, `oneOf` (as `anyOf`), `allOf`,
 * `$ref` within the document, numeric bounds. Other keywords fit anything: a value is never found unfit that
 * fits. Patterns are not run, since the schema is the client's.
 */
export function hasShape(value: unknown, schema: unknown): boolean {
  return new ShapeCheck(schema).fits(value, schema, 0);
}

type Schema = Readonly<Record<string, unknown>>;

class ShapeCheck {
  readonly #root: unknown;
  #places = 0;

  constructor(root: unknown) {
    this.#root = root;
  }

  fits(value: unknown, schema: unknown, depth: number): boolean {
    if (schema === false) return false;
    if (!isObject(schema) || depth > DEPTH_MAX || ++this.#places > PLACES_MAX) return true;
    const { $ref: reference } = schema;
    if (typeof reference === 'string') {
      return this.fits(value, refersTo(this.#root, reference), depth + 1);
    }
    const { enum: members, anyOf, oneOf, allOf } = schema;
    if (Array.isArray(members) && !members.some((each) => isEqual(each, value))) return false;
    if ('const' in schema && !isEqual(schema['const'], value)) return false;
    if (!hasType(value, schema['type'])) return false;
    const isOneOf = (list: unknown): boolean =>
      !Array.isArray(list) || list.some((each) => this.fits(value, each, depth + 1));
    if (!isOneOf(anyOf) || !isOneOf(oneOf)) return false;
    if (Array.isArray(allOf) && !allOf.every((each) => this.fits(value, each, depth + 1)))
      return false;
    if (Array.isArray(value)) return this.#fitsList(value, schema, depth);
    if (isObject(value)) return this.#fitsObject(value, schema, depth);
    return typeof value !== 'number' || isInBounds(value, schema);
  }

  #fitsList(list: readonly unknown[], schema: Schema, depth: number): boolean {
    const { items, minItems, maxItems } = schema;
    if (typeof minItems === 'number' && list.length < minItems) return false;
    if (typeof maxItems === 'number' && list.length > maxItems) return false;
    return list.every((each) => this.fits(each, items, depth + 1));
  }

  #fitsObject(object: Schema, schema: Schema, depth: number): boolean {
    const { properties, required, additionalProperties } = schema;
    const known = isObject(properties) ? properties : {};
    for (const key of Array.isArray(required) ? (required as unknown[]) : []) {
      if (typeof key === 'string' && !Object.hasOwn(object, key)) return false;
    }
    for (const [key, value] of Object.entries(object)) {
      const isKnown = Object.hasOwn(known, key);
      const hasPattern = isObject(schema['patternProperties']);
      if (!isKnown && hasPattern) continue;
      if (!this.fits(value, isKnown ? known[key] : additionalProperties, depth + 1)) return false;
    }
    return true;
  }
}

/** True where it cannot be resolved: everything fits. */
function refersTo(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#')) return true;
  let at = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isObject(at) || !Object.hasOwn(at, key)) return true;
    at = at[key];
  }
  return at;
}

function hasType(value: unknown, type: unknown): boolean {
  if (Array.isArray(type)) return type.some((each) => hasType(value, each));
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'string':
    case 'boolean':
    case 'number':
      return typeof value === type;
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    default:
      return true;
  }
}

function isInBounds(value: number, { minimum, maximum }: Schema): boolean {
  if (typeof minimum === 'number' && value < minimum) return false;
  return !(typeof maximum === 'number' && value > maximum);
}

const isEqual = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b));
