import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeCount, takeNumber } from '../foreign/take.ts';
import type { Deployment } from './deployment.ts';

type Price = Readonly<Record<string, number>>;

/** What the policy says of a model, read from the deployments of it. */
export interface ModelFacts {
  readonly price?: Price;
  readonly contextWindowTokens?: number;
  readonly maxOutputTokens?: number;
}

const USD_PER_TOKEN_MAX = 1;
const TOKENS_PER_MTOK = 1e6;

/**
 * Prices and limits are of the model in Bourse, of the deployment in LiteLLM: the first deployment
 * that has one counts, and another value of a later one is noted.
 */
export function readModelFacts(deployments: readonly Deployment[]): ModelFacts {
  const nodes = deployments.map(({ node }) => node);
  const window = firstOf(nodes, ['model_info.max_input_tokens'], (node) => takeCount(node));
  const output = firstOf(nodes, ['model_info.max_output_tokens', 'model_info.max_tokens'], (node) =>
    takeCount(node),
  );
  const price = readPrice(nodes, deployments[0]!.kind);
  return {
    ...(price !== null && { price }),
    ...(window !== null && { contextWindowTokens: window }),
    ...(output !== null && { maxOutputTokens: output }),
  };
}

function readPrice(nodes: readonly ForeignNode[], kind: Deployment['kind']): Price | null {
  const rate = (key: string): number | null =>
    firstOf(nodes, [`litellm_params.${key}`, `model_info.${key}`], takeRate);
  const input = rate('input_cost_per_token');
  const output = rate('output_cost_per_token');
  const cached = rate('cache_read_input_token_cost');
  if (input !== null && (output !== null || kind === 'embedding')) {
    return {
      inputPerMTok: input,
      ...(cached !== null && { cachedInputPerMTok: cached }),
      ...(output !== null && { outputPerMTok: output }),
    };
  }
  for (const key of [
    'input_cost_per_token',
    'output_cost_per_token',
    'cache_read_input_token_cost',
  ]) {
    for (const node of nodes) {
      for (const part of ['litellm_params', 'model_info']) {
        node.at(part)?.at(key)?.drop('a price needs both input and output: it stays unknown');
      }
    }
  }
  return null;
}

/** USD per token as USD per million, without the dust of binary fractions. */
function takeRate(node: ForeignNode): number | null {
  const perToken = takeNumber(node, { min: 0, max: USD_PER_TOKEN_MAX });
  return perToken === null ? null : Number((perToken * TOKENS_PER_MTOK).toPrecision(12));
}

function firstOf(
  nodes: readonly ForeignNode[],
  paths: readonly string[],
  take: (node: ForeignNode) => number | null,
): number | null {
  let found: { readonly value: number; readonly line: number } | null = null;
  for (const node of nodes) {
    for (const path of paths) {
      const [part, key] = path.split('.') as [string, string];
      const at = node.at(part)?.at(key) ?? null;
      const value = at === null ? null : take(at);
      if (at === null || value === null) continue;
      found ??= { value, line: at.position.line };
      if (found.value !== value) {
        at.change(`it is of the model in Bourse: the value of line ${found.line} holds`);
      }
    }
  }
  return found?.value ?? null;
}
