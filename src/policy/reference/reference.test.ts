import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { referenceFiles } from '../../../scripts/reference.ts';

describe.each([...referenceFiles()])('docs/reference/%s', (name, generated) => {
  test('is what the schema generates: run node scripts/reference.ts', () => {
    const committed = new URL(`../../../docs/reference/${name}`, import.meta.url);
    expect(readFileSync(committed, 'utf8')).toBe(generated);
  });
});

test('the reference names every condition, and the schema lets none through that is not', () => {
  const schema = JSON.parse(referenceFiles().get('policy.schema.json')!) as {
    $defs: { condition: { properties: Record<string, unknown>; additionalProperties: boolean } };
  };
  const { properties, additionalProperties } = schema.$defs.condition;
  const reference = referenceFiles().get('configuration.md')!;
  expect(Object.keys(properties)).toEqual(
    expect.arrayContaining(['all', 'any', 'not', 'keyword', 'contextTokens', 'time']),
  );
  for (const kind of Object.keys(properties)) expect(reference).toContain(`\n| \`${kind}\` |`);
  expect(additionalProperties).toBe(false);
});
