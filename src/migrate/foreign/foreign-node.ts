export type Scalar = string | number | boolean | null;

/** A position in the foreign file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** `dropped`: nothing of it is in the policy. `changed`: something is, but it does not mean the same. */
export type Effect = 'dropped' | 'changed';

export interface Note {
  readonly effect: Effect;
  readonly reason: string;
}

type Content =
  | { readonly kind: 'scalar'; readonly value: Scalar }
  | { readonly kind: 'list'; readonly items: readonly ForeignNode[] }
  | { readonly kind: 'map'; readonly members: ReadonlyMap<string, ForeignNode> };

/**
 * A value of the foreign file. Whoever reads it says what became of it: carried, changed or dropped;
 * what nobody speaks for is listed as not known. Reading alone accounts for nothing.
 */
export class ForeignNode {
  readonly path: string;
  /** Of the key in front of it, or of a list's entry. */
  readonly position: Position;
  readonly content: Content;
  readonly notes: Note[] = [];
  /** Whether it and all below it are accounted for. */
  isSettled = false;

  constructor(path: string, position: Position, content: Content) {
    this.path = path;
    this.position = position;
    this.content = content;
  }

  at(key: string): ForeignNode | null {
    return this.content.kind === 'map' ? (this.content.members.get(key) ?? null) : null;
  }

  get items(): readonly ForeignNode[] {
    return this.content.kind === 'list' ? this.content.items : [];
  }

  get entries(): readonly (readonly [key: string, node: ForeignNode])[] {
    return this.content.kind === 'map' ? [...this.content.members] : [];
  }

  get isMap(): boolean {
    return this.content.kind === 'map';
  }

  /** The scalar, null where it is empty, undefined where it is a list or a mapping. */
  get scalar(): Scalar | undefined {
    return this.content.kind === 'scalar' ? this.content.value : undefined;
  }

  /** It is in the policy, with all below it. */
  carry(): void {
    this.isSettled = true;
  }

  /** It is in the policy with another meaning, unless it was dropped. */
  change(reason: string): void {
    // What is inside a list or a mapping has still to be accounted for.
    if (this.content.kind === 'scalar') this.isSettled = true;
    const isDropped = this.notes.some(({ effect }) => effect === 'dropped');
    if (!isDropped) this.notes.push({ effect: 'changed', reason });
  }

  /** What was said of it, or of what is below it, no longer counts. */
  drop(reason: string): void {
    this.isSettled = true;
    this.notes.length = 0;
    this.notes.push({ effect: 'dropped', reason });
  }

  /** For comments: `model_list[0], line 4`. */
  get origin(): string {
    return `${this.path}, line ${this.position.line}`;
  }
}
