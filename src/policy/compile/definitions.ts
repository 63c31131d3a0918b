import { ConfigIssue } from '../../contract/index.ts';
import type { Signal, SignalDefinition } from '../../contract/index.ts';
import { Fault } from '../../kernel/index.ts';
import type { Findings, Path } from '../document/place.ts';
import { membersOf } from '../document/raw.ts';
import { definitionsKey } from '../schema/index.ts';

/** Adds what an extension threw while it compiled. Only issues and faults have messages for the operator. */
export function addIssue(findings: Findings, path: Path, error: unknown): void {
  if (error instanceof ConfigIssue) {
    findings.add([...path, ...error.path], error.message, { suggestion: error.suggestion });
  } else if (Fault.isInstance(error)) {
    findings.add(path, error.message);
  } else {
    findings.add(path, 'the signal failed to read this condition');
  }
}

/** What stands under `signals`, by kind of signal. */
export interface Definitions {
  readonly byKind: ReadonlyMap<string, readonly SignalDefinition[]>;
  /** Kinds of which a definition is wrong: their conditions cannot be compiled, and say nothing more. */
  readonly broken: ReadonlySet<string>;
}

/** Reads the definitions as written; what is wrong with one is reported once, here. */
export function readDefinitions(
  value: unknown,
  signals: readonly Signal[],
  findings: Findings,
): Definitions {
  const byKind = new Map<string, readonly SignalDefinition[]>();
  const broken = new Set<string>();
  for (const signal of signals) {
    const key = definitionsKey(signal);
    const list = membersOf(value)[key];
    if (signal.definitionSchema === null || !Array.isArray(list)) continue;
    const read: SignalDefinition[] = [];
    for (const [i, entry] of list.entries()) {
      const { name, ...body } = membersOf(entry);
      if (typeof name !== 'string') {
        broken.add(signal.kind);
        continue;
      }
      read.push({ name, body });
      try {
        signal.checkDefinition?.({ name, body });
      } catch (error) {
        addIssue(findings, ['signals', key, i], error);
        broken.add(signal.kind);
      }
    }
    byKind.set(signal.kind, read);
  }
  return { byKind, broken };
}
