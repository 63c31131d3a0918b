/** Values of a policy as they will be written. Texts are literal: only an `EnvironmentReference` is looked up. */
export type DraftValue = Readonly<Record<string, unknown>>;

export interface DraftEntry {
  readonly value: DraftValue;
  /** Lines about where it came from. */
  readonly comments: readonly string[];
}

export type ListSection =
  | 'keys'
  | 'tenants'
  | 'models'
  | 'instances'
  | 'constraints'
  | 'routes'
  | 'budgets';
export type MapSection = 'server' | 'attempts' | 'health';
export type DefinitionSection = 'keywords' | 'similarities';

/** A policy in the making. */
export class PolicyDraft {
  readonly #lists = new Map<ListSection, DraftEntry[]>();
  readonly #maps = new Map<MapSection, { value: Record<string, unknown>; comments: string[] }>();
  readonly #definitions = new Map<DefinitionSection, DraftEntry[]>();

  add(section: ListSection, value: DraftValue, ...comments: readonly string[]): void {
    append(this.#lists, section, { value, comments });
  }

  define(section: DefinitionSection, value: DraftValue, ...comments: readonly string[]): void {
    append(this.#definitions, section, { value, comments });
  }

  set(section: MapSection, members: DraftValue, comment: string): void {
    const known = this.#maps.get(section) ?? { value: {}, comments: [] };
    Object.assign(known.value, members);
    if (!known.comments.includes(comment)) known.comments.push(comment);
    this.#maps.set(section, known);
  }

  list(section: ListSection): readonly DraftEntry[] {
    return this.#lists.get(section) ?? [];
  }

  definitions(section: DefinitionSection): readonly DraftEntry[] {
    return this.#definitions.get(section) ?? [];
  }

  map(section: MapSection): DraftEntry | null {
    return this.#maps.get(section) ?? null;
  }
}

function append<K>(lists: Map<K, DraftEntry[]>, key: K, entry: DraftEntry): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [entry]);
  else known.push(entry);
}
