import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { referenceFiles } from '../../../scripts/reference.ts';
import { schemaProblems } from '../fixtures/json-schema-check.ts';
import { branchesOf } from './complete-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const schema = JSON.parse(referenceFiles().get('policy.schema.json')!) as JsonSchema;
const { condition } = schema['$defs'] as { condition: JsonSchema };

interface Key {
  readonly path: string;
  readonly schema: JsonSchema;
}

/** Every key that the schema names, those of conditions under `when`. */
function keysOf(of: JsonSchema, path: string): Key[] {
  return branchesOf(of).flatMap((branch) => {
    const { items, additionalProperties: others } = branch as Record<string, JsonSchema>;
    const named = Object.entries((branch['properties'] ?? {}) as Record<string, JsonSchema>);
    return [
      ...named.flatMap(([key, member]): Key[] => {
        const at = path === '' ? key : `${path}.${key}`;
        return [{ path: at, schema: member }, ...keysOf(member, at)];
      }),
      ...(typeof items === 'object' ? keysOf(items, `${path}[]`) : []),
      ...(typeof others === 'object' ? keysOf(others, `${path}.NAME`) : []),
    ];
  });
}

const keys = [...keysOf(schema, ''), ...keysOf(condition, 'when')];

/** Whether an editor can offer the values without an example. */
function tellsItsValues(of: JsonSchema): boolean {
  if ('default' in of && (typeof of['default'] !== 'object' || of['default'] === null)) return true;
  return branchesOf(of).some(
    (branch) =>
      'enum' in branch || 'const' in branch || [branch['type']].flat().includes('boolean'),
  );
}

/** Whether it is made of keys that tell of themselves. */
function isOfKeys(of: JsonSchema): boolean {
  return branchesOf(of).every((branch) => {
    const { items, additionalProperties: others } = branch;
    if (branch['$ref'] !== undefined || branch['properties'] !== undefined) return true;
    if (typeof items === 'object') return isOfKeys(items as JsonSchema);
    return typeof others === 'object' || branch['type'] === 'object';
  });
}

describe('what editors show', () => {
  test('every key has a description', () => {
    expect(keys.length).toBeGreaterThan(600);
    const without = keys.filter(({ schema: of }) => !of['description'] && !of['$ref']);
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  test('every key lists its values, has a default or has an example: see key-examples.ts', () => {
    const without = keys.filter(
      ({ schema: of }) => !of['examples'] && !tellsItsValues(of) && !isOfKeys(of),
    );
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  test('every example is one that the schema takes', () => {
    const wrong = keys.flatMap(({ path, schema: of }) =>
      ((of['examples'] ?? []) as unknown[]).flatMap((example) =>
        schemaProblems(example, of, schema).map((problem) => `${path}${problem}`),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the published schema', () => {
  const folder = new URL('../../../examples/', import.meta.url);
  const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const imported = ['litellm', 'vllm-sr'].flatMap((kind) => {
    const fixtures = `../../migrate/${kind}/fixtures/`;
    return readdirSync(new URL(fixtures, import.meta.url))
      .filter((name) => name.endsWith('.imported.yaml'))
      .map((name) => new URL(fixtures + name, import.meta.url));
  });
  const policies = [...examples.map((name) => new URL(name, folder)), ...imported];

  test.each(policies.map((url) => [url.pathname.split('/').slice(-3).join('/'), url] as const))(
    'takes %s',
    (_, url) => {
      expect(schemaProblems(parse(readFileSync(url, 'utf8')), schema)).toEqual([]);
    },
  );

  test.each([
    ['an unknown key', { version: 1, model: [] }, '.model: is unknown'],
    ['a missing key', { models: [] }, '.version: is missing'],
    [
      'an unknown condition',
      { version: 1, routes: [{ name: 'a', when: { keywrod: 'x' }, use: {} }] },
      '.routes[0].when.keywrod: is unknown',
    ],
    [
      'a number out of range',
      { version: 1, server: { port: 70_000 } },
      '.server.port: is too large',
    ],
    ['a wrong type', { version: 1, log: 'warn' }, '.log: is not object'],
  ])('refuses %s', (_, policy, problem) => {
    expect(schemaProblems(policy, schema)).toContain(problem);
  });
});
