/** What each thread loads: a module that one does not need costs it memory and time at every start. */
import assert from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** What a module imports to run: types are gone by then, and what is imported lazily comes later. */
function importsOf(file: string): string[] {
  const { module } = parseSync(file, readFileSync(file, 'utf8'));
  const isLoaded = (entries: readonly { readonly isType: boolean }[]): boolean =>
    entries.length === 0 || entries.some(({ isType }) => !isType);
  return [
    ...module.staticImports
      .filter(({ entries }) => isLoaded(entries))
      .map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ isType, moduleRequest }) =>
        isType || moduleRequest === null ? [] : [moduleRequest.value],
      ),
    ),
  ];
}

interface Loaded {
  readonly files: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
}

function loadedBy(entry: string): Loaded {
  const files = new Set<string>();
  const packages = new Set<string>();
  const open = [join(SRC, entry)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const specifier of importsOf(file)) {
      if (!specifier.startsWith('.')) packages.add(specifier);
      else if (existsSync(resolve(dirname(file), specifier))) {
        open.push(resolve(dirname(file), specifier));
      }
    }
  }
  return { files, packages };
}

const foreign = ({ packages }: Loaded): string[] =>
  [...packages].filter((name) => !name.startsWith('node:')).sort();
const among = ({ files }: Loaded, doors: readonly string[]): string[] =>
  doors.filter((door) => {
    assert(existsSync(join(SRC, door)), `there is no ${door}`);
    return files.has(join(SRC, door));
  });

describe('what is loaded', () => {
  test('by the command line: itself, until it knows the command', () => {
    const loaded = loadedBy('cli/run.ts');
    expect(foreign(loaded)).toEqual(['commander']);
    expect(loaded.files.size).toBeLessThan(40);
  });

  test.each(['app-serve.ts', 'app-cluster-worker.ts'])(
    'by a worker (%s): nothing of the admin API, the store, the logger and the commands',
    (entry) => {
      const loaded = loadedBy(entry);
      expect(loaded.files.size).toBeGreaterThan(300);
      expect(foreign(loaded)).toEqual(['re2js', 'yaml', 'zod']);
      const unneeded = [
        'server/admin/index.ts',
        'keeper/owner/index.ts',
        'store/index.ts',
        'quality/index.ts',
        'policy/analysis/index.ts',
        'simulate/index.ts',
        'evaluate/index.ts',
        'migrate/index.ts',
      ];
      expect(among(loaded, unneeded)).toEqual([]);
    },
  );

  test('by the keeper: no exchange, which is loaded when somebody asks it to explain', () => {
    const loaded = loadedBy('app-keeper.ts');
    expect(foreign(loaded)).toEqual(['fastify', 're2js', 'yaml', 'zod']);
    expect(among(loaded, ['server/admin/index.ts'])).toHaveLength(1);
    const exchange = ['attempts', 'cache', 'guard', 'judges', 'policy/analysis'];
    const doors = exchange.map((room) => `${room}/index.ts`);
    expect(among(loaded, doors)).toEqual([]);
  });

  test('by no thread: the ESM face of node:http, which loads a second HTTP client', () => {
    const entries = ['cli/run.ts', 'app-serve.ts', 'app-cluster-worker.ts', 'app-keeper.ts'];
    const found = entries.filter((entry) => loadedBy(entry).packages.has('node:http'));
    expect(found).toEqual([]);
  });
});
