import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeText } from '../foreign/take.ts';
import { EnvironmentReference, environmentReference } from './environment-reference.ts';

const PLACEHOLDER = /^(?:none|null|empty|no[-_]?key|not[-_]needed|dummy|fake(?:[-_].*)?|x+)$/i;

/** The variable that a text names: `os.environ/NAME`, `${NAME}` or `$NAME`; null for any other text. */
export function variableIn(text: string): EnvironmentReference | null {
  const match = /^(?:os\.environ\/(.+)|\$\{(\w+)\}|\$(\w+))$/.exec(text);
  return match === null ? null : environmentReference(match[1] ?? match[2] ?? match[3]!);
}

/**
 * A key of the foreign file. One that is written out is not copied: the policy takes it from the
 * environment, under `variable`.
 */
export function takeSecret(
  node: ForeignNode | null,
  variable: string,
): EnvironmentReference | null {
  const text = takeText(node);
  if (node === null || text === null) return null;
  const reference = variableIn(text);
  if (reference !== null) return reference;
  if (PLACEHOLDER.test(text)) {
    node.change('stands for "no key": none is sent');
    return null;
  }
  node.change(`a key that is written out is not copied: export it as ${variable}`);
  return new EnvironmentReference(variable);
}
