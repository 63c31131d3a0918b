type Schema = Readonly<Record<string, unknown>>;

const DEPTH_MAX = 12;
const VALUES_MAX = 500;
const isRecord = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A small value that a JSON Schema accepts: required properties only, the first choice where there
 * are several. Patterns and formats are not honoured. Local references (`#/…`) are followed, and cut
 * off with null where they never end.
 */
export function sampleOfSchema(schema: unknown): unknown {
  return new Sampler(schema).sample(schema, 0);
}

class Sampler {
  readonly #root: unknown;
  #valuesLeft = VALUES_MAX;

  constructor(root: unknown) {
    this.#root = root;
  }

  sample(schema: unknown, depth: number): unknown {
    if (!isRecord(schema) || depth > DEPTH_MAX || this.#valuesLeft-- <= 0) return null;
    const reference = schema['$ref'];
    if (typeof reference === 'string') return this.sample(this.#resolve(reference), depth + 1);
    if ('const' in schema) return schema['const'];
    if (Array.isArray(schema['enum'])) return schema['enum'][0] ?? null;
    for (const key of ['anyOf', 'oneOf', 'allOf']) {
      const choices = schema[key];
      if (Array.isArray(choices)) return this.sample(choices[0], depth + 1);
    }
    const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
    if (type === 'object' || isRecord(schema['properties'])) return this.#object(schema, depth);
    if (type === 'array') return this.#array(schema, depth);
    if (type === 'integer' || type === 'number') return numberFrom(schema['minimum']);
    if (type === 'boolean') return true;
    if (type === 'null') return null;
    const length = typeof schema['minLength'] === 'number' ? Math.min(schema['minLength'], 256) : 0;
    return 'simulated'.padEnd(length, '.');
  }

  #object(schema: Schema, depth: number): Record<string, unknown> {
    const properties = isRecord(schema['properties']) ? schema['properties'] : {};
    const required: unknown = schema['required'];
    const names = Array.isArray(required)
      ? required.filter((name) => typeof name === 'string')
      : [];
    const entries = names.map((name) => {
      const own = Object.hasOwn(properties, name) ? properties[name] : {};
      return [name, this.sample(own, depth + 1)] as const;
    });
    return Object.fromEntries(entries);
  }

  #array(schema: Schema, depth: number): unknown[] {
    const least = typeof schema['minItems'] === 'number' ? schema['minItems'] : 1;
    const length = Math.min(8, Math.max(0, Math.ceil(least)));
    return Array.from({ length }, () => this.sample(schema['items'], depth + 1));
  }

  #resolve(reference: string): unknown {
    if (reference === '#') return this.#root;
    if (!reference.startsWith('#/')) return undefined;
    let value: unknown = this.#root;
    for (const part of reference.slice(2).split('/')) {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
      value = value[name];
    }
    return value;
  }
}

const numberFrom = (minimum: unknown): number =>
  typeof minimum === 'number' ? Math.ceil(minimum) : 1;
