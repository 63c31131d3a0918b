/**
 * A map that is copied on its first write and never grows beyond `capacity`: the entry that was
 * written longest ago goes first. What others fall back on is written with each of them, and stays.
 */
export class BoundedMap<K, V> {
  readonly #original: ReadonlyMap<K, V>;
  readonly #capacity: number;
  #copy: Map<K, V> | null = null;

  constructor(original: ReadonlyMap<K, V>, capacity: number) {
    this.#original = original;
    this.#capacity = capacity;
  }

  get(key: K): V | undefined {
    return (this.#copy ?? this.#original).get(key);
  }

  set(key: K, value: V): void {
    const copy = (this.#copy ??= new Map(this.#original));
    // Written anew, it stands last in the order of insertion.
    copy.delete(key);
    copy.set(key, value);
    for (const oldest of copy.keys()) {
      if (copy.size <= this.#capacity) return;
      copy.delete(oldest);
    }
  }

  delete(key: K): void {
    if (!(this.#copy ?? this.#original).has(key)) return;
    (this.#copy ??= new Map(this.#original)).delete(key);
  }

  /** A copy: what is done with each may change the map. */
  keys(): readonly K[] {
    return [...(this.#copy ?? this.#original).keys()];
  }

  /** The original itself when nothing was written. */
  result(): ReadonlyMap<K, V> {
    return this.#copy ?? this.#original;
  }
}
