import { LocalAskError } from './local-model.ts';

type Json = Readonly<Record<string, unknown>>;

/** Deeper and larger than any schema of a person. */
const DEPTH_MAX = 64;
const NODES_MAX = 5_000;
/** A grammar repeats no rule more often than llama.cpp takes. */
const REPEATS_MAX = 1_000;
const DEFINITIONS = '#/$defs/';
/** Formats of strings that there are grammars for. */
const FORMATS: readonly unknown[] = ['date-time', 'time', 'date'];
const PLAIN: readonly unknown[] = ['string', 'number', 'integer', 'boolean', 'null'];

const ANY: Json = {
  oneOf: [
    { type: ['string', 'number', 'boolean', 'null'] },
    { type: 'object', additionalProperties: true },
    { type: 'array' },
  ],
};

/**
 * A JSON Schema in the words that the grammars of `node-llama-cpp` know, which take what they do not
 * know for `null`. What has no grammar, such as a pattern, is left out: the answer may be of more than
 * the schema allows there. Properties are all written, in their order. Throws `LocalAskError`.
 */
export function grammarSchema(schema: unknown, place: string): object {
  const given = isObject(schema) ? (schema['$defs'] ?? schema['definitions']) : null;
  const definitions = isObject(given) ? given : {};
  const mapper = new SchemaMapper(place, definitions);
  const mapped = Object.entries(definitions).map(([name, one]) => [name, mapper.map(one, 1)]);
  return {
    ...mapper.map(schema, 0),
    ...(mapped.length > 0 && { $defs: Object.fromEntries(mapped) }),
  };
}

class SchemaMapper {
  readonly #place: string;
  readonly #definitions: Json;
  #nodes = 0;

  constructor(place: string, definitions: Json) {
    this.#place = place;
    this.#definitions = definitions;
  }

  map(schema: unknown, depth: number): Json {
    if (depth > DEPTH_MAX) throw this.#refusal(`is deeper than ${DEPTH_MAX} levels`);
    if (++this.#nodes > NODES_MAX) throw this.#refusal(`has more than ${NODES_MAX} parts`);
    if (schema === false) throw this.#refusal('allows nothing');
    if (!isObject(schema)) return ANY;
    return {
      ...this.#shapeOf(schema, depth),
      ...(typeof schema['description'] === 'string' && { description: schema['description'] }),
    };
  }

  #shapeOf(schema: Json, depth: number): Json {
    const { $ref: reference, allOf } = schema;
    if (typeof reference === 'string') return this.#referenceTo(reference);
    const choices = schema['anyOf'] ?? schema['oneOf'];
    if (Array.isArray(choices) && choices.length > 0) {
      return { oneOf: choices.map((choice) => this.map(choice, depth + 1)) };
    }
    if (Array.isArray(allOf) && allOf.length === 1) return this.map(allOf[0], depth + 1);
    if (isScalar(schema['const'])) return { const: schema['const'] };
    const values = schema['enum'];
    if (Array.isArray(values) && values.length > 0 && values.every(isScalar)) {
      return { enum: values };
    }
    return this.#typed(schema, depth);
  }

  #typed(schema: Json, depth: number): Json {
    const type = schema['type'] ?? impliedType(schema);
    if (Array.isArray(type)) {
      if (type.length > 0 && type.every((each) => PLAIN.includes(each))) return { type };
      return { oneOf: type.map((each) => this.map({ ...schema, type: each }, depth + 1)) };
    }
    if (type === 'object') return this.#object(schema, depth);
    if (type === 'array') return this.#array(schema, depth);
    if (type === 'string') {
      if (FORMATS.includes(schema['format'])) return { type, format: schema['format'] };
      return { type, ...bounds(schema, 'minLength', 'maxLength') };
    }
    return PLAIN.includes(type) ? { type } : ANY;
  }

  #object(schema: Json, depth: number): Json {
    const properties = isObject(schema['properties']) ? Object.entries(schema['properties']) : [];
    const others = schema['additionalProperties'] ?? properties.length === 0;
    return {
      type: 'object',
      properties: Object.fromEntries(
        properties.map(([name, property]) => [name, this.map(property, depth + 1)]),
      ),
      additionalProperties: isObject(others) ? this.map(others, depth + 1) : others === true,
    };
  }

  #array(schema: Json, depth: number): Json {
    const { items, prefixItems } = schema;
    return {
      type: 'array',
      ...(Array.isArray(prefixItems) && {
        prefixItems: prefixItems.map((item) => this.map(item, depth + 1)),
      }),
      ...(items !== undefined && items !== false && { items: this.map(items, depth + 1) }),
      ...bounds(schema, 'minItems', 'maxItems'),
    };
  }

  /** Definitions of the schema itself; what stands elsewhere is anything. */
  #referenceTo(reference: string): Json {
    const [, name = ''] = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(reference) ?? [];
    return Object.hasOwn(this.#definitions, name) ? { $ref: DEFINITIONS + name } : ANY;
  }

  #refusal(reason: string): LocalAskError {
    return new LocalAskError(`${this.#place}: the schema ${reason}`);
  }
}

function impliedType(schema: Json): unknown {
  if (isObject(schema['properties'])) return 'object';
  return schema['items'] === undefined && schema['prefixItems'] === undefined ? null : 'array';
}

function bounds(schema: Json, ...names: readonly string[]): Json {
  const kept = names.filter((name) => {
    const bound = schema[name];
    return Number.isSafeInteger(bound) && Number(bound) >= 0 && Number(bound) <= REPEATS_MAX;
  });
  return Object.fromEntries(kept.map((name) => [name, schema[name]]));
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isScalar = (value: unknown): boolean =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);
