import type { ForeignNode } from './foreign-node.ts';

/** Drops a part because something in it was dropped: the reason of that is named with its line. */
export function leaveOut(node: ForeignNode, what: string): void {
  if (reasonOf(node) !== null) return;
  const cause = firstDropped(node);
  node.drop(
    cause === null ? what : `${what}, for line ${cause.node.position.line}: ${cause.reason}`,
  );
}

interface Cause {
  readonly node: ForeignNode;
  readonly reason: string;
}

function firstDropped(node: ForeignNode): Cause | null {
  const reason = reasonOf(node);
  if (reason !== null) return { node, reason };
  for (const child of [...node.items, ...node.entries.map(([, member]) => member)]) {
    const cause = firstDropped(child);
    if (cause !== null) return cause;
  }
  return null;
}

const reasonOf = (node: ForeignNode): string | null =>
  node.notes.find(({ effect }) => effect === 'dropped')?.reason ?? null;
