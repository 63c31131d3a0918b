import { optionProblem } from '../../contract/index.ts';
import type { Engine } from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import type { Findings } from '../document/place.ts';
import { entriesOf, membersOf } from '../document/raw.ts';

/** Checks what an instance says to its engine: where it stands, and the engine's own settings. */
export function checkEngines(
  root: Readonly<Record<string, unknown>>,
  engines: readonly Engine[],
  findings: Findings,
): void {
  const byKind = new Map(engines.map((engine) => [engine.kind, engine]));
  for (const [i, instance] of entriesOf(root['instances'])) {
    const engine = byKind.get(String(instance['engine']));
    if (engine === undefined) continue;
    // A variable without a value was reported where it stands.
    const hasUrl = Object.hasOwn(instance, 'url') || engine.defaultUrl !== undefined;
    if (!hasUrl && engine.place !== undefined) {
      if (!Object.hasOwn(membersOf(instance['options']), 'file')) {
        findings.add(['instances', i, 'options', 'file'], 'is missing: write which file to run');
      }
    } else if (!hasUrl) {
      findings.add(
        ['instances', i, 'url'],
        'is missing: write where the server is, such as "http://127.0.0.1:8000"',
      );
    }
    if (Object.hasOwn(instance, 'kvEvents') && engine.publishesKvEvents !== true) {
      const able = engines.filter((each) => each.publishesKvEvents === true);
      const verb = able.length === 1 ? 'publishes events of its' : 'publish events of their';
      const kinds = able.map(({ kind }) => kind).join(' and ');
      const message = `is not for the engine ${engine.kind}: ${kinds} ${verb} memory`;
      findings.add(['instances', i, 'kvEvents'], message, { at: 'key' });
    }
    const known = engine.options ?? [];
    for (const [name, value] of Object.entries(membersOf(instance['options']))) {
      const option = known.find((each) => each.name === name);
      const path = ['instances', i, 'options', name] as const;
      if (option === undefined) {
        const names = known.map((each) => each.name);
        const suggestion = nearest(name, names);
        const remedy = names.length === 0 ? 'it has none' : `there are ${names.join(', ')}`;
        findings.add([...path], `is no option of the engine ${engine.kind}: ${remedy}`, {
          suggestion,
          at: 'key',
        });
      } else {
        const problem = optionProblem(option, value);
        if (problem !== null) findings.add([...path], problem);
      }
    }
  }
}
