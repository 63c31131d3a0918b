/** A value, or the promise of one where it was slow to come by. */
export type MaybeAsync<T> = T | Promise<T>;

export function isPromise<T>(value: MaybeAsync<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && value instanceof Promise;
}

/** Goes on with a value at once, and with a promise when it settles: a fast path pays for no await. */
export function andThen<T, U>(
  value: MaybeAsync<T>,
  proceed: (value: T) => MaybeAsync<U>,
): MaybeAsync<U> {
  return isPromise(value) ? value.then(proceed) : proceed(value);
}
