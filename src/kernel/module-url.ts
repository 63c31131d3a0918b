/**
 * The URL of a sibling module to start a thread or a process with. The source tree runs `.ts`, the
 * compiled package `.js`, and a compiler rewrites neither inside `new URL(…)`.
 */
export function moduleUrl(importMetaUrl: string, nameWithoutExtension: string): URL {
  const extension = importMetaUrl.endsWith('.ts') ? '.ts' : '.js';
  return new URL(nameWithoutExtension + extension, importMetaUrl);
}
