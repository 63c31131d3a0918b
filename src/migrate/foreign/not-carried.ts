import type { Effect, ForeignNode } from './foreign-node.ts';
import { lookup } from './lookup.ts';

/** A part of the foreign file that is not in the policy, or not with the same meaning. */
export interface NotCarried {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly effect: Effect;
  readonly reason: string;
}

/**
 * Why keys of a path are not carried, where nobody who read the file said so: by `*.key`, else by the
 * longest path above it, without the numbers of lists.
 */
export type Reasons = Readonly<Record<string, string>>;

const UNKNOWN = 'the import does not know this key';

/** Everything below the node that is not carried as it is, in the order of the file. */
export function notCarriedOf(root: ForeignNode, reasons: Reasons): readonly NotCarried[] {
  const found: NotCarried[] = [];
  collect(root, false, (node, effect, reason) => {
    found.push({
      path: node.path,
      ...node.position,
      effect,
      reason: reason ?? reasonFor(node.path, reasons),
    });
  });
  return found.sort((a, b) => a.line - b.line || a.column - b.column);
}

type Report = (node: ForeignNode, effect: Effect, reason: string | null) => void;

function collect(node: ForeignNode, isSettled: boolean, report: Report): void {
  for (const { effect, reason } of node.notes) report(node, effect, reason);
  if (node.notes.some(({ effect }) => effect === 'dropped')) return;
  const settled = isSettled || node.isSettled;
  const children = childrenOf(node);
  // An untouched part is one line, not one for each of its leaves.
  if (!settled && node.path !== '' && !children.some(isTouched)) {
    report(node, 'dropped', null);
    return;
  }
  for (const child of children) collect(child, settled, report);
}

function childrenOf(node: ForeignNode): readonly ForeignNode[] {
  const { content } = node;
  if (content.kind === 'list') return content.items;
  return content.kind === 'map' ? [...content.members.values()] : [];
}

function isTouched(node: ForeignNode): boolean {
  return node.isSettled || childrenOf(node).some(isTouched);
}

function reasonFor(path: string, reasons: Reasons): string {
  let key = path.replaceAll(/\[\d+\]/g, '[]');
  const anywhere = lookup(reasons, `*.${key.slice(key.lastIndexOf('.') + 1)}`);
  if (anywhere !== undefined) return anywhere;
  for (;;) {
    const reason = lookup(reasons, key);
    if (reason !== undefined) return reason;
    const cut = Math.max(key.lastIndexOf('.'), key.lastIndexOf('['));
    if (cut <= 0) return UNKNOWN;
    key = key.slice(0, cut);
  }
}
