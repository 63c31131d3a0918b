/** Compiles `src` to `dist` for release, and copies what is read at run time beside the code that reads it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');
const target = join(root, 'dist');

rmSync(target, { recursive: true, force: true });
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], {
  cwd: root,
  stdio: 'inherit',
});

const entries = readdirSync(source, { recursive: true, withFileTypes: true });
const assets = entries
  .filter((entry) => entry.isFile() && extname(entry.name) !== '.ts')
  .map((entry) => relative(source, join(entry.parentPath, entry.name)))
  .filter((file) => !/(^|[\\/])(fixtures|__snapshots__)[\\/]|\.md$/.test(file));
for (const file of assets) {
  const copy = join(target, file);
  mkdirSync(dirname(copy), { recursive: true });
  cpSync(join(source, file), copy);
}
console.log(`dist: compiled, ${assets.length} other files copied`);
