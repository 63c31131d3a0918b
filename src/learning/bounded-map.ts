/**
 * A map that is copied on its first write and never grows beyond `capacity`: the entry that was
 * written longest ago goes first. Keys that `isKept` names stay, since others fall back on them.
 */
export class BoundedMap<K, V> {
  readonly #original: ReadonlyMap<K, V>;
  readonly #capacity: number;
  readonly #isKept: (key: K) => boolean;
  #copy: Map<K, V> | null = null;

  constructor(
    original: ReadonlyMap<K, V>,
    capacity: number,
    isKept: (key: K) => boolean = () => false,
  ) {
    this.#original = original;
    this.#capacity = capacity;
    this.#isKept = isKept;
  }

  get(key: K): V | undefined {
    return (this.#copy ?? this.#original).get(key);
  }

  set(key: K, value: V): void {
    const copy = (this.#copy ??= new Map(this.#original));
    copy.delete(key);
    copy.set(key, value);
    if (copy.size > this.#capacity) this.#evict(copy);
  }

  /** The original itself when nothing was written. */
  result(): ReadonlyMap<K, V> {
    return this.#copy ?? this.#original;
  }

  #evict(copy: Map<K, V>): void {
    for (const key of copy.keys()) {
      if (this.#isKept(key)) continue;
      copy.delete(key);
      if (copy.size <= this.#capacity) return;
    }
    // Nothing but kept keys is left: the bound is the stronger promise.
    for (const key of copy.keys()) {
      if (copy.size <= this.#capacity) return;
      copy.delete(key);
    }
  }
}
