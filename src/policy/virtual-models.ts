/** Prefixes that some clients insist on; they mean nothing. */
const PREFIXES = ['router/', 'bourse/'];

/** Whether a requested model name asks for the market: `auto`, or `auto:MODE`. */
export function isVirtualModel(name: string): boolean {
  let bare = name;
  for (const prefix of PREFIXES) {
    if (bare.startsWith(prefix)) {
      bare = bare.slice(prefix.length);
      break;
    }
  }
  return bare === 'auto' || bare.startsWith('auto:');
}
