import type { Engine, Instance, Price } from '../../contract/index.ts';
import { cataloguePrice } from './catalogue.ts';

/** Engines whose servers stand at an address of each customer's own, and are the provider's all the same. */
const ANYWHERE: ReadonlySet<string> = new Set(['azure']);

/** What is to be known of an instance before its provider's price is taken for its model's. */
type Priced = Pick<Instance, 'engine' | 'url'> & {
  readonly model: { readonly upstreamName: string };
};

/**
 * The price of a model that the policy does not price: its provider's, where every instance is that
 * provider's own server and all would charge the same. Null: unknown. A server of the operator's, or of
 * somebody who speaks a provider's language, has no price that could be looked up.
 */
export function knownPrice(
  instances: readonly Priced[],
  engines: readonly Pick<Engine, 'kind' | 'defaultUrl'>[],
): Price | null {
  let known: Price | null = null;
  for (const { engine, url, model } of instances) {
    const home = engines.find(({ kind }) => kind === engine)?.defaultUrl;
    if (url !== home && !ANYWHERE.has(engine)) return null;
    const price = cataloguePrice(engine, model.upstreamName);
    if (price === null) return null;
    if (known !== null && JSON.stringify(known) !== JSON.stringify(price)) return null;
    known = price;
  }
  return known;
}
