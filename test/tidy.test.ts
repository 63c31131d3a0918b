import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

interface Place {
  readonly imports: readonly string[] | '*';
  readonly kind: string;
  readonly isPure?: boolean;
}
const architecture = JSON.parse(readFileSync(join(ROOT, 'architecture.json'), 'utf8')) as {
  places: Record<string, Place>;
  instrumentation: { packages: Record<string, string[]> };
  names: { forbidden: string[] };
};

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly file: string;
  readonly specifier: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

const isTest = (file: string): boolean =>
  file.endsWith('.test.ts') ||
  file.endsWith('.contract.ts') ||
  file.includes(`${sep}fixtures${sep}`);
const sources = filesBelow(SRC).filter((file) => !isTest(file));

/** `src/market/award.ts` is in the place `market`; `src/app.ts` and `src/app-keeper.ts` are `app`. */
function placeOf(file: string): string {
  const parts = relative(SRC, file).split(sep);
  return parts.length > 1 ? parts[0]! : parts[0]!.replace(/(-[a-z-]+)?\.ts$/, '');
}

function specifiersOf(file: string): string[] {
  const { module } = parseSync(file, readFileSync(file, 'utf8'));
  const text = readFileSync(file, 'utf8');
  return [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) =>
      entry.entries.flatMap((item) => (item.moduleRequest ? [item.moduleRequest.value] : [])),
    ),
    ...module.dynamicImports
      .map((entry) => text.slice(entry.moduleRequest.start, entry.moduleRequest.end))
      .filter((literal) => /^['"]/.test(literal))
      .map((literal) => literal.slice(1, -1)),
  ];
}

const imports = sources.flatMap((file) =>
  [...new Set(specifiersOf(file))].map((specifier) => ({ file, specifier })),
);
const edges: Edge[] = imports
  .filter(({ specifier }) => specifier.startsWith('.'))
  .map(({ file, specifier }) => {
    const target = resolve(dirname(file), specifier);
    return { from: placeOf(file), to: placeOf(target), file, specifier };
  });
const shown = (file: string): string => relative(ROOT, file);

describe('the rule of imports', () => {
  test('it saw the tree', () => {
    expect(sources.length).toBeGreaterThan(80);
    expect(edges.filter((edge) => edge.from !== edge.to).length).toBeGreaterThan(100);
  });

  test('every relative import resolves to a file of src', () => {
    const lost = edges.filter(({ file, specifier }) => {
      const target = resolve(dirname(file), specifier);
      return !existsSync(target) || !target.startsWith(SRC);
    });
    expect(lost.map(({ file, specifier }) => `${shown(file)}: ${specifier}`)).toEqual([]);
  });

  test('every place is in the table', () => {
    const unknown = sources.filter((file) => architecture.places[placeOf(file)] === undefined);
    expect(unknown.map(shown)).toEqual([]);
  });

  test('no place imports what the table does not allow', () => {
    const broken = edges.filter(({ from, to }) => {
      const allowed = architecture.places[from]?.imports ?? [];
      return from !== to && allowed !== '*' && !allowed.includes(to);
    });
    expect(
      broken.map(({ file, specifier }) => `${shown(file)} must not import ${specifier}`),
    ).toEqual([]);
  });

  test('a place is entered through its index', () => {
    const broken = edges.filter(
      ({ from, to, specifier }) =>
        from !== to &&
        ['room', 'instrument', 'kernel', 'contract'].includes(
          architecture.places[to]?.kind ?? '',
        ) &&
        !specifier.endsWith('/index.ts'),
    );
    expect(broken.map(({ file, specifier }) => `${shown(file)}: ${specifier}`)).toEqual([]);
  });

  test('the director and the app are imported by nobody below them', () => {
    const below = edges.filter(
      ({ from, to }) =>
        (to === 'app' && !['cli', 'index', 'app'].includes(from)) ||
        (to === 'route' && from !== 'app'),
    );
    expect(below.map(({ file }) => shown(file))).toEqual([]);
  });
});

describe('purity', () => {
  const pure = sources.filter((file) => architecture.places[placeOf(file)]?.isPure === true);

  test('pure places do no I/O', () => {
    expect(pure.length).toBeGreaterThan(40);
    const impure = imports.filter(
      ({ file, specifier }) => pure.includes(file) && /^node:(?!buffer$|path$)/.test(specifier),
    );
    expect(impure.map(({ file, specifier }) => `${shown(file)}: ${specifier}`)).toEqual([]);
  });

  test('pure places read no clock and no randomness but what they are handed', () => {
    const banned =
      /\b(Date\.now|performance\.now|Math\.random|new Date\(\)|setTimeout|setInterval|process\.)/;
    const broken = pure.flatMap((file) =>
      withoutComments(readFileSync(file, 'utf8'))
        .split('\n')
        .filter((line) => banned.test(line))
        .map((line) => `${shown(file)}: ${line.trim()}`),
    );
    expect(broken).toEqual([]);
  });

  test('no room carries instrumentation of its own', () => {
    const broken = imports.filter(({ file, specifier }) => {
      const allowed = architecture.instrumentation.packages[specifier];
      return (
        (allowed !== undefined && !allowed.includes(placeOf(file))) ||
        specifier.startsWith('@opentelemetry')
      );
    });
    expect(broken.map(({ file, specifier }) => `${shown(file)}: ${specifier}`)).toEqual([]);
  });
});

describe('names and shapes', () => {
  test('no file is a drawer for everything', () => {
    const broken = sources.filter((file) =>
      relative(SRC, file)
        .replace(/\.ts$/, '')
        .split(/[/\\.-]/)
        .some((word) => architecture.names.forbidden.includes(word)),
    );
    expect(broken.map(shown)).toEqual([]);
  });

  test('the median file is small and none is large', () => {
    const lengths = sources
      .map((file) => readFileSync(file, 'utf8').split('\n').length)
      .sort((a, b) => a - b);
    expect(lengths[lengths.length >> 1]).toBeLessThanOrEqual(120);
    expect(lengths.at(-1)).toBeLessThanOrEqual(500);
  });

  test('the director fits on one screen and has no loop', () => {
    const lines = readFileSync(join(SRC, 'route.ts'), 'utf8').split('\n');
    expect(lines.length).toBeLessThanOrEqual(130);
    expect(withoutComments(lines.join('\n'))).not.toMatch(
      /\b(for|while|do)\b\s*[({]|\.forEach\(|\.map\(/,
    );
  });

  test('comments speak of the present', () => {
    const history = /\/\/.*\b(TODO|FIXME|HACK|XXX)\b/;
    const broken = sources.filter((file) => history.test(readFileSync(file, 'utf8')));
    expect(broken.map(shown)).toEqual([]);
  });

  test('dependencies are exact, and the lockfile names no registry', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });

  test('every dependency has its decision', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    const decisions = readFileSync(join(ROOT, 'docs/decisions/0002-dependencies.md'), 'utf8');
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(names.filter((name) => !decisions.includes(`\`${name}\``))).toEqual([]);
  });
});

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}
