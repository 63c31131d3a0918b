import { constants, enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps what V8 compiles between runs, in the user's own cache folder: node's default lies below the shared
 * temporary folder, where another user could put code of his in its place. False where it cannot be
 * written, which costs a slower start and nothing else. `NODE_COMPILE_CACHE` names another folder, and
 * `NODE_DISABLE_COMPILE_CACHE=1` keeps nothing.
 */
export function keepCompiledCode(env: Readonly<Record<string, string | undefined>>): boolean {
  const folder = env['NODE_COMPILE_CACHE'] ?? join(cacheFolder(env), 'bourse', 'compiled');
  const { status } = enableCompileCache(folder);
  const { ENABLED, ALREADY_ENABLED } = constants.compileCacheStatus;
  return status === ENABLED || status === ALREADY_ENABLED;
}

const cacheFolder = (env: Readonly<Record<string, string | undefined>>): string =>
  env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
