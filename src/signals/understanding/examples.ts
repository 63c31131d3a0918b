import type { Encoder, SignalDefinition } from '../../contract/index.ts';
import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import { textsOf } from '../shape.ts';

const EXAMPLE_CHARACTERS_MAX = 2000;

/** JSON Schema of a list of example texts. */
export const EXAMPLES_SCHEMA: Readonly<Record<string, unknown>> = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: EXAMPLE_CHARACTERS_MAX },
  minItems: 1,
  maxItems: 1000,
};

/** The examples of a definition. Throws `ConfigIssue`. */
export function examplesOf({ body }: SignalDefinition): readonly string[] {
  const { examples } = body;
  const list = Array.isArray(examples) ? (examples as unknown) : [examples];
  return textsOf(list, ['examples'], EXAMPLE_CHARACTERS_MAX);
}

/** The vectors of texts, one each. */
export function embedAll(
  encoder: Encoder,
  texts: readonly string[],
): MaybeAsync<readonly Float32Array[]> {
  const rows = encoder.embed(texts);
  const split = (all: Float32Array): readonly Float32Array[] =>
    texts.map((_, i) => all.subarray(i * encoder.dimensions, (i + 1) * encoder.dimensions));
  return isPromise(rows) ? rows.then(split) : split(rows);
}

/**
 * Makes a thing once per key. A promise that was rejected is forgotten, so that the next who asks
 * tries again.
 */
export function oncePer<Key extends object, T>(
  make: (key: Key) => MaybeAsync<T>,
): (key: Key) => MaybeAsync<T> {
  const made = new WeakMap<Key, MaybeAsync<T>>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = make(key);
    made.set(key, fresh);
    if (isPromise(fresh)) {
      fresh.then(
        (settled) => made.set(key, settled),
        () => made.delete(key),
      );
    }
    return fresh;
  };
}
