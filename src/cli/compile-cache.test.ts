import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const program = `
  const { keepCompiledCode } = await import(${JSON.stringify(new URL('./compile-cache.ts', import.meta.url).href)});
  const isKept = keepCompiledCode(process.env);
  await import(${JSON.stringify(new URL('./paint.ts', import.meta.url).href)});
  console.log(isKept);
`;
const folder = mkdtempSync(join(tmpdir(), 'bourse-compiled-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(env: Readonly<Record<string, string>>): { status: number | null; said: string } {
  const { NODE_COMPILE_CACHE: _cache, NODE_DISABLE_COMPILE_CACHE: _off, ...rest } = process.env;
  const args = ['--input-type=module', '--eval', program];
  const { status, stdout } = spawnSync(process.execPath, args, {
    env: { ...rest, ...env },
    encoding: 'utf8',
  });
  return { status, said: stdout.trim() };
}

const filesIn = (path: string): readonly string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' });

describe('compiled code', () => {
  test("is kept in the user's own cache folder", () => {
    const home = join(folder, 'cache');
    expect(run({ XDG_CACHE_HOME: home })).toEqual({ status: 0, said: 'true' });
    expect(filesIn(join(home, 'bourse', 'compiled')).length).toBeGreaterThan(1);
  });

  test('is kept where the environment says', () => {
    const named = join(folder, 'named');
    const home = join(folder, 'other');
    const env = { XDG_CACHE_HOME: home, NODE_COMPILE_CACHE: named };
    expect(run(env)).toEqual({ status: 0, said: 'true' });
    expect(filesIn(named).length).toBeGreaterThan(1);
    expect(() => readdirSync(home)).toThrow();
  });

  test('is not kept where nothing can be written, nor where it is not wanted, and that is no error', () => {
    expect(run({ XDG_CACHE_HOME: '/dev/null/cache' })).toEqual({ status: 0, said: 'false' });
    const off = { XDG_CACHE_HOME: folder, NODE_DISABLE_COMPILE_CACHE: '1' };
    expect(run(off)).toEqual({ status: 0, said: 'false' });
  });
});
