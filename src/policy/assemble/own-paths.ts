import { resolve } from 'node:path';
import { textOf } from '../document/placed.ts';
import type { Placed } from '../document/placed.ts';

/** Where a policy names files. `*` is any member or entry. */
const PATHS: readonly (readonly string[])[] = [
  ['store', 'path'],
  ['cache', 'path'],
  ['instances', '*', 'apiKeyFile'],
  ['instances', '*', 'bidSecretFile'],
  ['instances', '*', 'options', 'file'],
  ['plugins', '*'],
  ['understanding', 'encoder', 'onnx'],
  ['understanding', 'encoder', 'tokenizer'],
  ['understanding', 'classifiers', '*', 'onnx'],
  ['understanding', 'classifiers', '*', 'tokenizer'],
];

/** A file's tree with the paths in it made absolute: they are relative to the file that says them. */
export function withAbsolutePaths(root: Placed, folder: string): Placed {
  return PATHS.reduce((tree, path) => replaceAt(tree, path, folder), root);
}

function replaceAt(placed: Placed, path: readonly string[], folder: string): Placed {
  const [name, ...rest] = path;
  if (name === undefined) {
    const text = textOf(placed);
    return text === null || text === '' || placed.kind !== 'scalar'
      ? placed
      : { ...placed, value: resolve(folder, text) };
  }
  if (placed.kind === 'list') {
    if (name !== '*') return placed;
    return { ...placed, items: placed.items.map((item) => replaceAt(item, rest, folder)) };
  }
  if (placed.kind !== 'map') return placed;
  const members = [...placed.members].map(([key, member]) => {
    const isNamed = name === '*' || name === key;
    return [key, isNamed ? replaceAt(member, rest, folder) : member] as const;
  });
  return { ...placed, members: new Map(members) };
}
