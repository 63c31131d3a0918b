import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { engineContract } from '../../../test/contract/engine.contract.ts';
import { ENGINES } from './index.ts';

const folderOf = (kind: string): string => join(import.meta.dirname, kind);

test('every folder is an engine, and every engine has its folder', () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true });
  const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(names.toSorted()).toEqual(ENGINES.map(({ kind }) => kind).toSorted());
});

for (const engine of ENGINES) engineContract(engine, folderOf(engine.kind));
