/**
 * Makes src/policy/catalogue/price-table.ts of the npm package `@pydantic/genai-prices` (MIT), which is
 * not a dependency: unpack it beside and give the path of its `dist/index.js`, its version and its date.
 *
 *   node scripts/price-snapshot.ts PATH VERSION DATE
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Engines of one provider, and what the package calls it. OpenRouter reports what it charges. */
const PROVIDERS = {
  openai: 'openai',
  azure: 'azure',
  anthropic: 'anthropic',
  gemini: 'google',
  mistral: 'mistral',
  groq: 'groq',
  deepseek: 'deepseek',
} as const;

/** Columns of the table, and what the package calls them. */
const COLUMNS = [
  'input_mtok',
  'cache_read_mtok',
  'output_mtok',
  'cache_write_mtok',
  'cache_write_1h_mtok',
  'input_image_mtok',
  'input_audio_mtok',
  'output_audio_mtok',
] as const;

type Rate = number | { base: number; tiers: { start: number; price: number }[] };
type Prices = Partial<Record<string, Rate>>;
interface Match {
  readonly equals?: string;
  readonly starts_with?: string;
  readonly or?: readonly Match[];
}
interface PricedModel {
  readonly id: string;
  readonly match: Match;
  readonly prices: Prices | { constraint?: { start_date?: string }; prices: Prices }[];
}
interface Package {
  findProvider(options: { providerId: string }): { models: PricedModel[] } | undefined;
}

/** The prices that hold at `date`: of several, those that began last; where the hour counts too, the dearest. */
function pricesAt(prices: PricedModel['prices'], date: string): Prices | null {
  if (!Array.isArray(prices)) return prices;
  const isHourly = (entry: (typeof prices)[number]): boolean =>
    entry.constraint !== undefined && entry.constraint.start_date === undefined;
  const begun = prices.filter(
    (entry) => !isHourly(entry) && (entry.constraint?.start_date ?? '') <= date,
  );
  const all = [...begun.slice(-1), ...prices.filter(isHourly)].map((entry) => entry.prices);
  const output = (each: Prices): number => Number(each['output_mtok'] ?? 0);
  return all.toSorted((x, y) => output(y) - output(x))[0] ?? null;
}

/** `rates[>start rates]`; null where it does not fit a flat price with one step. */
function rowOf(prices: Prices): string | null {
  const starts = new Set<number>();
  for (const rate of Object.values(prices)) {
    if (typeof rate === 'object') for (const { start } of rate.tiers) starts.add(start);
  }
  if (starts.size > 1 || prices['input_mtok'] === undefined) return null;
  const cells = (isLong: boolean): string =>
    COLUMNS.map((column) => {
      const rate = prices[column];
      if (rate === undefined) return '';
      if (typeof rate === 'number') return String(rate);
      return String(isLong ? (rate.tiers[0]?.price ?? rate.base) : rate.base);
    })
      .join(' ')
      .trimEnd();
  const [start] = starts;
  return start === undefined ? cells(false) : `${cells(false)} > ${start} ${cells(true)}`;
}

/** Names that are surely the model's: its id, and what the package says it equals. */
function namesOf({ id, match }: PricedModel): readonly string[] {
  const names = new Set([id]);
  for (const each of match.or ?? [match]) if (each.equals !== undefined) names.add(each.equals);
  return [...names].filter((name) => /^[\w.:/@-]+$/.test(name) && !name.startsWith('ft:'));
}

const [path, version, date] = process.argv.slice(2);
if (path === undefined || version === undefined || date === undefined) {
  throw new Error('usage: node scripts/price-snapshot.ts PATH VERSION DATE');
}
const source = (await import(pathToFileURL(resolve(path)).href)) as Package;
const lines: string[] = [];
for (const [engine, providerId] of Object.entries(PROVIDERS)) {
  const taken = new Set<string>();
  for (const model of source.findProvider({ providerId })?.models ?? []) {
    const prices = pricesAt(model.prices, date);
    const row = prices === null ? null : rowOf(prices);
    const names = namesOf(model).filter((name) => !taken.has(name));
    if (row === null || names.length === 0) continue;
    for (const name of names) taken.add(name);
    lines.push(`${engine} ${names.join(',')} = ${row}`);
  }
}
const text = `/**
 * Prices in USD per million tokens, by engine and the provider's name of the model: input, cached input,
 * output, cache write, cache write for an hour, pictures, sound, sound out; after \`>\` those of prompts
 * above so many tokens. A cell that is empty is not told apart. Made by scripts/price-snapshot.ts of
 * @pydantic/genai-prices ${version} (MIT, Pydantic Services Inc.).
 */
export const PRICE_DATE = '${date}';

export const PRICE_TABLE = \`
${lines.join('\n')}
\`;
`;
await writeFile(join(import.meta.dirname, '../src/policy/catalogue/price-table.ts'), text);
process.stdout.write(`${lines.length} prices\n`);
