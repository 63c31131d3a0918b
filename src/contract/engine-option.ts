/** One setting of an engine's instances. */
export interface EngineOption {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'boolean';
  readonly description: string;
  /** Of a whole number, both included; unset: any number. */
  readonly range?: readonly [number, number];
}

const WORDS = { text: 'a text', number: 'a number', boolean: 'true or false' } as const;

/** What a value would have to be; null: it is. The value of a variable is a text, and may read as a number. */
export function optionProblem({ kind, range }: EngineOption, value: unknown): string | null {
  if (kind === 'text') {
    return typeof value === 'string' || typeof value === 'number' ? null : `must be ${WORDS.text}`;
  }
  if (range === undefined) return typeof value === kind ? null : `must be ${WORDS[kind]}`;
  const [least, most] = range;
  const isWithin = Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  return isWithin ? null : `must be a whole number from ${least} to ${most}`;
}
