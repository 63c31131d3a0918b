/** Greek and Cyrillic letters that look like Latin ones, in the same order. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['авекмнорстухіјѕԁԛԝһҽӏ', 'abekmhopctyxijsdqwhel'],
  ['АВЕКМНОРСТУХІЈЅ', 'ABEKMHOPCTYXIJS'],
  ['αβγεικνοπρτυχω', 'abyeiknonptuxw'],
  ['ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABEZHIKMNOPTYX'],
];

export const HOMOGLYPHS: ReadonlyMap<number, string> = new Map(
  PAIRS.flatMap(([foreign, latin]) =>
    Array.from(latin, (letter, i): [number, string] => [foreign.charCodeAt(i), letter]),
  ),
);
