const ZERO = 48;

/** ISO/IEC 7812-1: every second digit from the right doubled, the sum of all digits divisible by ten. */
export function isLuhnValid(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - ZERO;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return digits.length > 0 && sum % 10 === 0;
}

/** Length of an IBAN per country (ISO 13616 registry). */
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 ' +
    'EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 ' +
    'IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 ' +
    'NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 ' +
    'SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

export const ibanLength = (country: string): number => IBAN_LENGTHS.get(country) ?? 0;

/** ISO 7064 mod 97-10 over the letters as numbers (A = 10), the first four characters moved to the end. */
export function isIbanValid(upperCase: string): boolean {
  if (upperCase.length !== ibanLength(upperCase.slice(0, 2))) return false;
  let remainder = 0;
  for (let i = 0; i < upperCase.length; i++) {
    const unit = upperCase.charCodeAt((i + 4) % upperCase.length);
    const value = unit <= 57 ? unit - ZERO : unit - 55;
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

/** Number ranges of card issuers that exist: first digits and length (ISO/IEC 7812 issuer numbers). */
export function isCardNumber(digits: string): boolean {
  const length = digits.length;
  if (length < 12 || length > 19 || !isLuhnValid(digits)) return false;
  const first = digits.charCodeAt(0) - ZERO;
  const two = Number(digits.slice(0, 2));
  const four = Number(digits.slice(0, 4));
  if (first === 4) return length === 13 || length === 16 || length === 19;
  if (first === 5 || first === 6) return true;
  if (first === 2)
    return (four >= 2221 && four <= 2720 && length === 16) || (four === 2131 && length === 15);
  if (two === 34 || two === 37) return length === 15;
  if (two === 30 || two === 36 || two === 38 || two === 39) return length === 14 || length >= 16;
  if (two === 35) return length >= 16;
  return four === 1800 && length === 15;
}

/** Social Security numbers that the administration may assign: no area 000, 666 or 9xx, no empty part. */
export function isSsn(area: string, group: string, serial: string): boolean {
  return area !== '000' && area !== '666' && area[0] !== '9' && group !== '00' && serial !== '0000';
}
