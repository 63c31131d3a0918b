import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Document, isMap, isScalar, parseDocument, visit } from 'yaml';
import type { YAMLMap } from 'yaml';
import { builtIns } from '../app-registry.ts';
import { loadPolicy } from '../policy/index.ts';
import type { PolicyLoad } from '../policy/index.ts';
import {
  FOREIGN_FILES,
  foreignText,
  FULL_ENVIRONMENT,
  importText,
} from './fixtures/foreign-files.ts';
import { ForeignProblem } from './index.ts';

const registry = builtIns();

const load = (text: string, env: Readonly<Record<string, string>> = FULL_ENVIRONMENT): PolicyLoad =>
  loadPolicy({ text, file: '/etc/policy.yaml', env, generation: 1, registry });

const problemsOf = (loaded: PolicyLoad): readonly string[] =>
  (loaded.kind === 'policy' ? loaded.warnings : loaded.problems).map(
    ({ severity, path, message }) => `${severity} ${path}: ${message}`,
  );

describe.each(FOREIGN_FILES)('%s %s', (kind, name) => {
  const text = foreignText(kind, name);
  const imported = importText(kind, text);

  test('is imported as recorded', async () => {
    await expect(imported.policy).toMatchFileSnapshot(`./${kind}/fixtures/${name}.imported.yaml`);
  });

  test('loads without an error; its warnings are these', () => {
    const loaded = load(imported.policy);
    expect({ kind: loaded.kind, problems: problemsOf(loaded) }).toMatchSnapshot();
  });

  test('a key that nobody knows is listed, wherever it stands', () => {
    const places = mapsOf(text);
    for (let i = 0; i < places; i++) {
      const changed = parseDocument(text, { keepSourceTokens: false });
      const map = mapAt(changed, i);
      map.set('zz-not-known', 'lost?');
      const { notCarried } = importText(kind, String(changed));
      const isListed = notCarried.some(({ path }) => path.endsWith('zz-not-known'));
      // Or a part around it is dropped as a whole, or a part of nothing but unknown keys is one line.
      const path = pathOf(changed, map);
      const isWithin = notCarried.some(
        (entry) => entry.effect === 'dropped' && isPrefix(entry.path, path),
      );
      expect({ path, isCounted: isListed || isWithin }).toEqual({
        path,
        isCounted: true,
      });
    }
  });

  test('a value of another kind never breaks the import, and what comes out always loads', () => {
    const leaves = scalarsOf(text);
    const values = fc.oneof(
      fc.constantFrom<unknown>(null, true, -1, 0, 0.5, 1e300, '', '  ', 'constructor', '__proto__'),
      fc.constantFrom<unknown>('auto', '${HOME}', 'a\nb', 'x'.repeat(3000), '\u0000', [], {}, [[]]),
      fc.constantFrom<unknown>({ constructor: 1 }, ['a', 'a'], 'os.environ/A B', 'openai/', '/'),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.nat(leaves - 1), values, (at, value) => {
        const changed = parseDocument(text);
        replaceScalar(changed, at, value);
        const source = String(changed);
        let policy: string;
        try {
          policy = importText(kind, source).policy;
        } catch (error) {
          expect(error).toBeInstanceOf(ForeignProblem);
          return;
        }
        const variables = [...policy.matchAll(/\$\{(\w+)\}/g)].map(([, variable]) => variable!);
        const env = Object.fromEntries(variables.map((name) => [name, valueFor(name)]));
        const errors = problemsOf(load(policy, env)).filter((line) => line.startsWith('error'));
        expect(errors).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});

const valueFor = (variable: string): string =>
  FULL_ENVIRONMENT[variable] ??
  (variable.endsWith('SHA256') ? 'a'.repeat(64) : 'http://127.0.0.1:9');

test('no text of the file refers to the environment, and no key is copied', () => {
  const imported = importText(
    'litellm',
    'model_list:\n- model_name: "x${HOME}"\n  litellm_params: { model: "openai/${PATH}", api_key: sk-secret }\n',
  );
  expect(imported.policy).not.toContain('sk-secret');
  expect(imported.policy).toContain('openai');
  const loaded = load(imported.policy, { X_HOME_API_KEY: 'k', HOME: '/h', PATH: '/p' });
  expect(loaded.kind === 'policy' && loaded.policy.config.models[0]?.upstreamName).toBe('${PATH}');
  const prompt = importText('vllm-sr', foreignText('vllm-sr', 'subjects'));
  const subjects = load(prompt.policy, { CURRENCY: 'leaked' });
  expect(JSON.stringify(subjects)).not.toContain('leaked');
});

test('another version of vLLM-SR is refused with its place', () => {
  expect(() => importText('vllm-sr', 'a: 1\nversion: v0.2\n')).toThrow(
    expect.objectContaining({ line: 2, message: expect.stringContaining('v0.3') }),
  );
});

function mapsOf(text: string): number {
  let count = 0;
  visit(parseDocument(text), { Map: () => void count++ });
  return count;
}

function mapAt(document: Document, index: number): YAMLMap {
  let count = 0;
  let found: YAMLMap | null = null;
  visit(document, {
    Map(_key, node) {
      if (count++ !== index) return undefined;
      found = node;
      return visit.BREAK;
    },
  });
  return found!;
}

/** The path of a mapping as the import writes it. */
function pathOf(document: Document, wanted: YAMLMap): string {
  let path = '';
  visit(document, {
    Map(_key, node, ancestors) {
      if (node !== wanted) return undefined;
      const chain = [...ancestors, node];
      for (const [i, parent] of chain.entries()) {
        const child = chain[i + 1];
        if (isMap(parent)) {
          const pair = parent.items.find((item) => item === child);
          if (pair !== undefined) {
            const name = String(isScalar(pair.key) ? pair.key.value : '');
            path += path === '' ? name : `.${name}`;
          }
        } else if (typeof parent === 'object' && 'items' in parent && child !== undefined) {
          const at = parent.items.indexOf(child);
          if (at >= 0) path += `[${at}]`;
        }
      }
      return visit.BREAK;
    },
  });
  return path;
}

const isPrefix = (whole: string, path: string): boolean =>
  path === whole || path.startsWith(`${whole}.`) || path.startsWith(`${whole}[`);

function scalarsOf(text: string): number {
  let count = 0;
  visit(parseDocument(text), {
    Scalar(key) {
      if (key !== 'key') count++;
    },
  });
  return count;
}

function replaceScalar(document: Document, index: number, value: unknown): void {
  let count = 0;
  visit(document, {
    Scalar(key) {
      if (key === 'key' || count++ !== index) return undefined;
      return document.createNode(value);
    },
  });
}
