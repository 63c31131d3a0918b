/** Writes the generated parts of docs/reference; tests compare them with what is committed. */
import { writeFileSync } from 'node:fs';
import { ENGINES } from '../src/pool/index.ts';
import { policyJsonSchema, policyReference } from '../src/policy/index.ts';
import { BUILT_IN_SIGNALS } from '../src/signals/index.ts';

/** The generated files by name, under docs/reference. */
export function referenceFiles(): ReadonlyMap<string, string> {
  const schema = policyJsonSchema(BUILT_IN_SIGNALS, ENGINES);
  return new Map([
    ['configuration.md', policyReference(BUILT_IN_SIGNALS, ENGINES)],
    ['policy.schema.json', `${JSON.stringify(schema, null, 2)}\n`],
  ]);
}

if (import.meta.main) {
  for (const [name, text] of referenceFiles()) {
    writeFileSync(new URL(`../docs/reference/${name}`, import.meta.url), text);
  }
}
