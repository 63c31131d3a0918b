/** A run of encoded text is decoded this far, and no more runs than this are. */
const RUN_CHARACTERS_MAX = 16_384;
const RUNS_MAX = 8;
const BASE64_MIN = 24;
const HEX_MIN = 32;
const READABLE_SHARE = 0.9;
export const ESCAPES_MIN = 8;
/** Encoded runs hold a run of letters and digits at least this long. */
export const ENCODED_WORD_MIN = 20;

const isHex = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x61 && code <= 0x66) ||
  (code >= 0x41 && code <= 0x46);

function isBase64(code: number): boolean {
  if (code >= 0x61 && code <= 0x7a) return true;
  if (code >= 0x41 && code <= 0x5a) return true;
  if (code >= 0x30 && code <= 0x39) return true;
  return code === 0x2b || code === 0x2f || code === 0x2d || code === 0x5f;
}

/** Readable texts inside base64 and hexadecimal runs; at most RUNS_MAX, each from the run's head. */
export function decodedRuns(text: string): readonly string[] {
  const found: string[] = [];
  for (let i = 0; i < text.length && found.length < RUNS_MAX; i++) {
    if (!isBase64(text.charCodeAt(i))) continue;
    const start = i;
    let onlyHex = true;
    let letters = 0;
    for (; i < text.length && isBase64(text.charCodeAt(i)); i++) {
      const code = text.charCodeAt(i);
      if (!isHex(code)) onlyHex = false;
      if (code > 0x40) letters += 1;
    }
    const length = i - start;
    if (length < BASE64_MIN || letters === 0) continue;
    const run = text.slice(start, Math.min(i, start + RUN_CHARACTERS_MAX));
    const plain = onlyHex && length >= HEX_MIN ? fromHex(run) : fromBase64(run);
    if (plain !== null) found.push(plain);
  }
  return found;
}

function fromHex(run: string): string | null {
  const bytes = new Uint8Array(run.length >> 1);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(run.slice(2 * i, 2 * i + 2), 16);
  return readable(bytes);
}

function fromBase64(run: string): string | null {
  const whole = run.replaceAll('-', '+').replaceAll('_', '/');
  const binary = decodeBase64(whole);
  return readable(binary);
}

function decodeBase64(text: string): Uint8Array {
  const out = new Uint8Array((text.length * 3) >> 2);
  let bits = 0;
  let held = 0;
  let size = 0;
  for (let i = 0; i < text.length; i++) {
    held = (held << 6) | sextet(text.charCodeAt(i));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out[size++] = (held >> bits) & 0xff;
    held &= (1 << bits) - 1;
  }
  return out.subarray(0, size);
}

function sextet(code: number): number {
  if (code >= 0x61) return code - 71;
  if (code >= 0x41) return code - 65;
  if (code >= 0x30) return code + 4;
  return code === 0x2b ? 62 : 63;
}

/** The text of the bytes where nearly all of it is printable and it has words; else null. */
function readable(bytes: Uint8Array): string | null {
  const text = new TextDecoder().decode(bytes);
  let printable = 0;
  let spaces = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x20) spaces += 1;
    if ((code >= 0x20 && code < 0x7f) || code === 0x0a || (code >= 0xa0 && code !== 0xfffd))
      printable += 1;
  }
  return text.length >= 12 && printable >= READABLE_SHARE * text.length && spaces > 0 ? text : null;
}

/** The text's head with its percent, backslash and entity escapes decoded. */
export function decodedEscapes(text: string): string {
  return text
    .slice(0, RUN_CHARACTERS_MAX)
    .replaceAll(
      /%([0-9a-f]{2})|\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|&#x([0-9a-f]{1,5});|&#(\d{1,6});/gi,
      unescape,
    );
}

function unescape(whole: string, ...groups: readonly unknown[]): string {
  const hex = groups.slice(0, 4).find((group) => typeof group === 'string');
  const decimal = groups[4];
  const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

/** Each letter moved on by thirteen; only the text's head. */
export function rot13(text: string): string {
  const units: string[] = [];
  for (let i = 0; i < text.length && i < RUN_CHARACTERS_MAX; i++) {
    const code = text.charCodeAt(i);
    const base = code >= 0x61 && code <= 0x7a ? 0x61 : code >= 0x41 && code <= 0x5a ? 0x41 : 0;
    units.push(base === 0 ? text.charAt(i) : String.fromCharCode(((code - base + 13) % 26) + base));
  }
  return units.join('');
}

/** Read backwards; only the text's head. */
export function backwards(text: string): string {
  const units: string[] = [];
  for (let i = Math.min(text.length, RUN_CHARACTERS_MAX) - 1; i >= 0; i--)
    units.push(text.charAt(i));
  return units.join('');
}
