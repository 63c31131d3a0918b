import type { FlatPrice, Price } from '../../contract/index.ts';
import { PRICE_TABLE } from './price-table.ts';

/** 1 USD per million tokens is 1 000 000 pico-USD per token. */
const PICO_PER_TOKEN = 1e6;

/** What a provider puts behind the name of a model to say which edition it is. */
const EDITION = /[-@](?:latest|\d{3}|\d{4}|\d{8}|\d{4}-\d{2}-\d{2})$/;

let table: ReadonlyMap<string, Price> | null = null;

/**
 * What the provider behind an engine charges for a model, as the shipped snapshot knows it; null where it
 * is not known. A name stands for itself and for its dated editions: one that merely resembles it could
 * cost anything.
 */
export function cataloguePrice(engine: string, upstreamName: string): Price | null {
  table ??= readTable(PRICE_TABLE);
  const own = table.get(`${engine} ${upstreamName}`);
  if (own !== undefined) return own;
  return table.get(`${engine} ${upstreamName.replace(EDITION, '')}`) ?? null;
}

/** One line each: `engine name,name = cells [> tokens cells]`. */
export function readTable(text: string): ReadonlyMap<string, Price> {
  const prices = new Map<string, Price>();
  for (const line of text.split('\n')) {
    const [names, cells] = line.split(' = ');
    if (names === undefined || cells === undefined) continue;
    const [flat, long] = cells.split(' > ');
    const price = { ...priceOf(flat!.split(' ')), ...longOf(long) };
    const space = names.indexOf(' ');
    const engine = names.slice(0, space);
    for (const name of names.slice(space + 1).split(',')) prices.set(`${engine} ${name}`, price);
  }
  return prices;
}

function longOf(text: string | undefined): Pick<Price, 'longPrompt'> {
  if (text === undefined) return {};
  const [aboveTokens, ...cells] = text.split(' ');
  return { longPrompt: { aboveTokens: Number(aboveTokens), price: priceOf(cells) } };
}

/** A cell that is empty, or not there, is not told apart. */
function priceOf(cells: readonly string[]): FlatPrice {
  const rate = (i: number): number | undefined =>
    cells[i] === undefined || cells[i] === ''
      ? undefined
      : Math.round(Number(cells[i]) * PICO_PER_TOKEN);
  const input = rate(0) ?? 0;
  const write = rate(3);
  const hourWrite = rate(4);
  const image = rate(5);
  const audio = rate(6);
  const audioOutput = rate(7);
  return {
    inputPicoUsd: input,
    cachedInputPicoUsd: rate(1) ?? input,
    outputPicoUsd: rate(2) ?? 0,
    ...(write !== undefined && { cacheWritePicoUsd: write }),
    ...(hourWrite !== undefined && { cacheWriteHourPicoUsd: hourWrite }),
    ...(image !== undefined && { imageInputPicoUsd: image }),
    ...(audio !== undefined && { audioInputPicoUsd: audio }),
    ...(audioOutput !== undefined && { audioOutputPicoUsd: audioOutput }),
  };
}
