import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fault } from '../../kernel/index.ts';

/** In a checkout, the integrations have what the product itself does not install. */
const INTEGRATIONS = new URL('../../../integrations/package.json', import.meta.url).href;

/**
 * Where an optional package lies: beside this one (hoisted, or its peer), else in the project that
 * the process was started in, which is what a globally installed command finds, else in a checkout's
 * integrations.
 */
export function findOptionalPackage(name: string): string | null {
  const here = pathToFileURL(join(process.cwd(), 'package.json')).href;
  const places = [import.meta.url, here, INTEGRATIONS];
  for (const place of places) {
    try {
      return pathToFileURL(createRequire(place).resolve(name)).href;
    } catch {
      // It is not here, or not to be loaded from here: the next place may have it.
    }
  }
  return null;
}

/** Throws `BRS_DEPENDENCY_MISSING` where the package is not installed. */
export function requireOptionalPackage(feature: string, name: string): string {
  const url = findOptionalPackage(name);
  if (url === null) throw fault('BRS_DEPENDENCY_MISSING', { feature, package: name });
  return url;
}

/** Loads a package found before. What CommonJS exports may stand under `default`; `member` tells. */
export async function importPackage<T>(url: string, member: keyof T & string): Promise<T> {
  const module = (await import(url)) as T & { readonly default?: T };
  return module[member] === undefined && module.default !== undefined ? module.default : module;
}
