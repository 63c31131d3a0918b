import { COMPARED_EXAMPLES, KEY_DESCRIPTIONS, KEY_EXAMPLES } from './key-examples.ts';
import type { JsonSchema } from './json-schema.ts';

/**
 * A copy with descriptions and examples where `key-examples.ts` has them: editors show both. It shares
 * nothing with the original, whose parts may stand in several places.
 */
export function completeSchema(schema: JsonSchema): JsonSchema {
  const copy = JSON.parse(JSON.stringify(schema)) as JsonSchema;
  visit(copy, []);
  const { condition } = (copy['$defs'] ?? {}) as { condition?: JsonSchema };
  if (condition !== undefined) visit(condition, ['condition']);
  return copy;
}

type Path = readonly string[];

function visit(schema: JsonSchema, path: Path): void {
  for (const branch of branchesOf(schema)) {
    const properties = (branch['properties'] ?? {}) as Record<string, JsonSchema>;
    for (const [key, member] of Object.entries(properties)) {
      const place = [...path, key];
      describe(member, place);
      visit(member, place);
    }
    const { items, additionalProperties: others } = branch;
    if (isSchema(items)) visit(items, path);
    if (isSchema(others)) visit(others, [...path, '*']);
  }
}

function describe(member: JsonSchema, path: Path): void {
  member['description'] ??= byEnd(KEY_DESCRIPTIONS, path);
  if (member['description'] === undefined) delete member['description'];
  if (member['examples'] !== undefined) return;
  const examples = byEnd(KEY_EXAMPLES, path) ?? comparedExamples(member, path);
  if (examples !== undefined) member['examples'] = examples;
}

function comparedExamples(member: JsonSchema, path: Path): readonly unknown[] | undefined {
  const [key, parent] = [path.at(-1)!, path.at(-2)];
  const own = COMPARED_EXAMPLES[key];
  const isComparison = branchesOf(member).some(
    ({ properties }) => isSchema(properties) && 'atMost' in properties,
  );
  if (own !== undefined && isComparison) return [{ atLeast: own }];
  const compared = parent === undefined ? undefined : COMPARED_EXAMPLES[parent];
  return compared === undefined || !OPERATORS.has(key) ? undefined : [compared];
}

const OPERATORS = new Set(['atLeast', 'atMost', 'above', 'below', 'equals']);

/** The entry whose key is the longest end of the path. */
function byEnd<T>(table: Readonly<Record<string, T>>, path: Path): T | undefined {
  for (let from = 0; from < path.length; from++) {
    const key = path.slice(from).join('.');
    if (Object.hasOwn(table, key)) return table[key];
  }
  return undefined;
}

/** The schema itself, or the alternatives that it has. */
export function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  const alternatives = schema['anyOf'] as readonly JsonSchema[] | undefined;
  return alternatives === undefined ? [schema] : alternatives.flatMap(branchesOf);
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
