/** Prefixes that some clients insist on; they mean nothing. */
const PREFIXES = ['router/', 'bourse/'];

const AUTO = 'auto';

/**
 * What a name asks the market for: empty for `auto`, NAME for `auto:NAME`, which is a mode or a recipe
 * of the policy. Null for the name of a real model.
 */
export function virtualModel(name: string): string | null {
  let bare = name;
  for (const prefix of PREFIXES) {
    if (bare.startsWith(prefix)) {
      bare = bare.slice(prefix.length);
      break;
    }
  }
  if (bare === AUTO) return '';
  return bare.startsWith(`${AUTO}:`) ? bare.slice(AUTO.length + 1) : null;
}
