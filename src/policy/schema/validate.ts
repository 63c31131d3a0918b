import { z } from 'zod';
import type { Signal } from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import { pathText } from '../document/place.ts';
import type { Path } from '../document/place.ts';
import type { PolicyDocument } from '../document/read-document.ts';
import { policySchema } from './index.ts';
import type { PolicyFile } from './index.ts';
import { knownKeys } from './known-keys.ts';

type Issue = z.core.$ZodIssue;
type Readable = Pick<PolicyDocument, 'value' | 'findings' | 'substituted'>;

/** Checks the document against the schema; null when something is wrong, which `findings` then says. */
export function validate(document: PolicyDocument, signals: readonly Signal[]): PolicyFile | null {
  return validateBy(policySchema(signals), document);
}

/** The same with another schema: its issues are told in the same words. */
export function validateBy<T>(schema: z.ZodType<T>, document: Readable): T | null {
  let result = schema.safeParse(document.value);
  if (!result.success && readSubstituted(document, result.error.issues)) {
    result = schema.safeParse(document.value);
  }
  if (result.success) return result.data;
  const known = new Set(document.findings.problems.map((problem) => problem.path));
  for (const issue of result.error.issues) {
    // What could not be read at all was reported when it was read.
    if (!known.has(pathText(issue.path as Path))) addIssue(document, schema, issue, []);
  }
  return null;
}

/**
 * A variable's value is a text. Where the schema wants a number or a truth value, one that reads as
 * such is taken; nothing else of it is ever read as YAML. Returns whether any was.
 */
function readSubstituted(document: Readable, issues: readonly Issue[]): boolean {
  let hasChanged = false;
  for (const issue of issues) {
    if (issue.code !== 'invalid_type' || !document.substituted.has(pathText(issue.path as Path))) {
      continue;
    }
    const parent = valueAt(document.value, issue.path.slice(0, -1)) as Record<PropertyKey, unknown>;
    const key = issue.path.at(-1)!;
    const value = scalarOf(parent[key], issue.expected);
    if (value === null) continue;
    parent[key] = value;
    hasChanged = true;
  }
  return hasChanged;
}

function scalarOf(text: unknown, expected: string): number | boolean | null {
  if (typeof text !== 'string') return null;
  if (expected === 'boolean') return text === 'true' ? true : text === 'false' ? false : null;
  if (expected !== 'number' && expected !== 'int') return null;
  return /^[-+]?\d[\d_]*(\.\d+)?$/.test(text) ? Number(text.replaceAll('_', '')) : null;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, part) ? (value as Record<PropertyKey, unknown>)[part] : undefined;
  }
  return value;
}

function addIssue(document: Readable, schema: z.core.$ZodType, issue: Issue, base: Path): void {
  const path = [...base, ...(issue.path as Path)];
  const { findings } = document;
  if (issue.code === 'unrecognized_keys') {
    const keys = knownKeys(schema, path);
    for (const key of issue.keys) {
      const suggestion = nearest(key, keys);
      const remedy = suggestion === null ? `there are ${keys.join(', ')}` : 'it is not known here';
      findings.add([...path, key], `unknown key "${key.slice(0, 60)}": ${remedy}`, {
        suggestion,
        at: 'key',
      });
    }
    return;
  }
  if (issue.code === 'invalid_union') {
    const branch = issue.errors.filter((issues) => !issues.some(isOfOtherKind));
    if (branch.length === 1) {
      for (const nested of branch[0]!) addIssue(document, schema, nested, path);
      return;
    }
  }
  const value = valueAt(document.value, path);
  const suggestion =
    issue.code === 'invalid_value' && typeof value === 'string'
      ? nearest(value, issue.values.map(String))
      : null;
  findings.add(path, messageOf(issue, value), { suggestion });
}

/** Whether a branch of a union was for another kind of value than the one given. */
function isOfOtherKind(issue: Issue): boolean {
  return issue.path.length === 0 && ['invalid_type', 'invalid_value'].includes(issue.code);
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** Says what is wrong without quoting the value, which may be a secret. */
function messageOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type': {
      const kind = KINDS[issue.expected] ?? `a value of type ${issue.expected}`;
      if (value === undefined) return `is missing: it must be ${kind}`;
      const isScalar = typeof value === 'number' || typeof value === 'boolean';
      const remedy = issue.expected === 'string' && isScalar ? ': put it in quotes' : '';
      if (issue.expected === 'int' && typeof value === 'number') return `must be ${kind}`;
      return `must be ${kind}, not ${kindOf(value)}${remedy}`;
    }
    case 'invalid_value':
      if (issue.message.startsWith('must')) return issue.message;
      return `${value === undefined ? 'is missing: it ' : ''}must be one of ${issue.values.join(', ')}`;
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum), issue.inclusive !== false);
    case 'too_big':
      return tooBig(issue.origin, Number(issue.maximum), issue.inclusive !== false);
    case 'invalid_key':
      return `its key ${issue.issues[0]?.message ?? 'is not valid'}`;
    default:
      return issue.message;
  }
}

function tooSmall(origin: string, minimum: number, isInclusive: boolean): string {
  if (origin === 'string') return 'must not be empty';
  if (origin === 'array') return 'must not be an empty list';
  return isInclusive ? `must not be less than ${minimum}` : `must be more than ${minimum}`;
}

function tooBig(origin: string, maximum: number, isInclusive: boolean): string {
  if (origin === 'string') return `must not be longer than ${maximum} characters`;
  return isInclusive ? `must not be more than ${maximum}` : `must be less than ${maximum}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return KINDS[typeof value] ?? typeof value;
}
