import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Engine } from '../../contract/index.ts';
import { instanceAt } from '../fixtures/local-server.ts';
import { ENGINES } from './index.ts';

const GUIDE = join(import.meta.dirname, '..', '..', '..', 'docs', 'guides', 'engines.md');
const SURFACES = ['chat', 'completions', 'embeddings', 'responses'] as const;

const code = (text: string): string => `\`${text}\``;

/** The row of the guide that an engine asks for. */
function rowOf(engine: Engine): string {
  const at = instanceAt('http://127.0.0.1:1/openai', { engine: engine.kind });
  const surfaces = SURFACES.filter(
    (surface) => engine.path(surface, { hasResponses: true }, at) !== null,
  ).map((surface) => (surface === 'responses' ? 'responses (where found)' : surface));
  const { telemetryPath, otherPath } = engine.probe;
  const load = [telemetryPath, otherPath].filter((path) => typeof path === 'string').map(code);
  const cells = [
    code(engine.kind),
    engine.defaultUrl === undefined ? '' : code(engine.defaultUrl),
    surfaces.join(', '),
    engine.dialect === undefined ? "OpenAI's" : 'its own',
    load.length === 0 ? 'unknown' : load.join(', '),
    engine.continuesChat === 'probed'
      ? 'where found'
      : engine.continuesChat === true
        ? 'yes'
        : 'no',
    (engine.options ?? []).map(({ name }) => code(name)).join(', '),
  ];
  return `| ${cells.join(' | ')} |`;
}

test('the table of docs/guides/engines.md says what the engines are', () => {
  const [, table] = /<!-- engines:[^>]*-->([\s\S]*?)<!-- \/engines -->/.exec(
    readFileSync(GUIDE, 'utf8'),
  )!;
  const rows = table!.trim().split('\n').slice(2);
  expect(rows).toEqual(ENGINES.map(rowOf));
});
