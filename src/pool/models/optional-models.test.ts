import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../kernel/index.ts';
import { openDeepModels } from './deep-models.ts';
import { openModelFiles, shippedModels } from './model-files.ts';
import { findOptionalPackage, requireOptionalPackage } from './optional-package.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'bourse-deep-'))));
afterAll(() => rmSync(folder, { recursive: true }));
const clock = createSystemClock();

test('a package that is there is found, and one that is not is named with the remedy', () => {
  expect(findOptionalPackage('zod')).toMatch(/^file:.*zod/);
  expect(findOptionalPackage('no-such-package-of-bourse')).toBeNull();
  expect(() => requireOptionalPackage('the deep encoder', 'no-such-package')).toThrow(
    'the deep encoder needs the package no-such-package: npm install no-such-package.',
  );
});

describe('model files', () => {
  test('ship with the package', () => {
    const files = openModelFiles();
    expect(files('static-encoder.safetensors')!.length).toBeGreaterThan(1_000_000);
    expect(files('no-such-model.safetensors')).toBeNull();
    expect(shippedModels()).toMatch(/models$/);
  });

  test('that cannot be read are a coded fault', () => {
    expect(() => openModelFiles(tmpdir())('.')).toThrow(/cannot be read \(EISDIR\)/);
  });
});

test.each([
  ['no description', null, /not there/],
  ['no JSON', '{', /not valid JSON/],
  ['another kind', '{"kind":"head"}', /kind/],
])('a deep encoder with %s', (_, text, reason) => {
  if (text !== null) writeFileSync(join(folder, 'deep-encoder.json'), text);
  expect(() => openDeepModels({ clock, folder })).toThrow(reason);
});
