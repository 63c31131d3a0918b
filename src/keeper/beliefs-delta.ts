import type { Beliefs } from '../contract/index.ts';

/** What makes a worker's beliefs the keeper's: whole tables would be cloned five times a second. */
export interface BeliefsDelta {
  readonly generation: number;
  readonly tables: readonly {
    readonly name: TableName;
    readonly set: readonly (readonly [key: string, value: unknown])[];
    readonly deleted: readonly string[];
  }[];
}

const TABLES = [
  'timing',
  'reputation',
  'outputTokens',
  'answerLengths',
  'bytesPerToken',
  'accuracy',
  'drift',
  'judges',
  'contexts',
  'confidence',
] as const;
type TableName = Exclude<keyof Beliefs, 'generation'>;
// A table that is added to `Beliefs` and not here fails to compile.
const _complete: Exclude<TableName, (typeof TABLES)[number]> extends never ? true : false = true;
void _complete;

type Table = ReadonlyMap<string, unknown>;

/** Entries are compared by identity: learners keep what they did not touch. */
export function differenceOf(before: Beliefs, after: Beliefs): BeliefsDelta {
  const tables = [];
  for (const name of TABLES) {
    const old: Table = before[name];
    const next: Table = after[name];
    if (old === next) continue;
    const set = [...next].filter(([key, value]) => old.get(key) !== value);
    const deleted = [...old.keys()].filter((key) => !next.has(key));
    if (set.length > 0 || deleted.length > 0) tables.push({ name, set, deleted });
  }
  return { generation: after.generation, tables };
}

/** A new snapshot; tables that did not change are shared with the old one. */
export function applyDelta(before: Beliefs, delta: BeliefsDelta): Beliefs {
  const changed: Partial<Record<TableName, Table>> = {};
  for (const { name, set, deleted } of delta.tables) {
    const table = new Map<string, unknown>(before[name]);
    for (const key of deleted) table.delete(key);
    for (const [key, value] of set) table.set(key, value);
    changed[name] = table;
  }
  return { ...before, ...(changed as Partial<Beliefs>), generation: delta.generation };
}
