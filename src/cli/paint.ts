/** Colours of a terminal, or none. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly doubt: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

const plain = (text: string): string => text;
const PLAIN: Paint = { good: plain, bad: plain, doubt: plain, faint: plain, strong: plain };

const between =
  (open: number, close: number) =>
  (text: string): string =>
    `\u001b[${open}m${text}\u001b[${close}m`;

const COLORED: Paint = {
  good: between(32, 39),
  bad: between(31, 39),
  doubt: between(33, 39),
  faint: between(2, 22),
  strong: between(1, 22),
};

export const paintFor = (hasColor: boolean): Paint => (hasColor ? COLORED : PLAIN);
