import type { ForeignNode } from '../foreign/foreign-node.ts';

const VIRTUAL = /^(?:(?:router|bourse)\/)?auto(?::|$)/;
const LENGTH_MAX = 120;

/** Names that a policy takes, each given once. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #reserved: RegExp | null;

  constructor(reserved: RegExp | null = null) {
    this.#reserved = reserved;
  }

  /** A name as near to the given one as the policy's rules let it be. */
  give(text: string): string {
    const plain = text.replaceAll(/[^A-Za-z0-9@._:/+-]+/g, '-').slice(0, LENGTH_MAX);
    const base = /^[A-Za-z0-9@_]/.test(plain) ? plain : `x${plain}`;
    const free =
      this.#reserved?.test(base) === true ? `imported-${base.replaceAll(':', '-')}` : base;
    let name = free;
    for (let i = 2; this.#taken.has(name); i++) name = `${free}-${i}`;
    this.#taken.add(name);
    return name;
  }

  /** The same for a name of the foreign file, which is noted where it had to change. */
  giveFor(text: string, node: ForeignNode): string {
    const name = this.give(text);
    if (name !== text) node.change(`is called "${name}" in the policy`);
    return name;
  }
}

export const modelNames = (): Names => new Names(VIRTUAL);
export const routeNames = (): Names => new Names(/^named$/);
