import { urlProblem } from '../draft/base-url.ts';
import { environmentReference, variableName } from '../draft/environment-reference.ts';
import type { EnvironmentReference } from '../draft/environment-reference.ts';
import type { DraftValue } from '../draft/policy-draft.ts';
import { takeSecret, variableIn } from '../draft/secret.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeText } from '../foreign/take.ts';
import { lookup } from '../foreign/lookup.ts';

/** One of `backend_refs` as an instance. */
export interface Backend {
  readonly name: string;
  readonly value: DraftValue;
  readonly comments: readonly string[];
}

const ENGINES: Readonly<Record<string, 'openai' | 'vllm'>> = {
  openai: 'openai',
  'openai-compatible': 'openai',
  vllm: 'vllm',
};

/** Null where it is left out, which its node then says. */
export function readBackend(node: ForeignNode, model: string, index: number): Backend | null {
  const kind = takeText(node.at('provider')) ?? takeText(node.at('type'));
  const known = kind === null ? null : lookup(ENGINES, kind);
  if (known === undefined) {
    node.drop('the backend is left out: Bourse has no engine for this provider');
    return null;
  }
  const url = urlOf(node);
  if (typeof url === 'string') {
    const problem = urlProblem(url);
    if (problem !== null) {
      node.drop(`the backend is left out: its address ${problem}`);
      return null;
    }
  }
  if (url === null && known !== 'openai') {
    node.drop('the backend is left out: it has neither endpoint nor base_url');
    return null;
  }
  node.at('weight')?.drop('instances bid: they have no weights');
  const engine = known ?? (node.at('base_url') === null ? 'vllm' : 'openai');
  const apiKey = keyOf(node, model);
  const assumed = known === null ? [`engine ${engine} is assumed: there are openai and vllm`] : [];
  return {
    name: takeText(node.at('name')) ?? String(index + 1),
    value: { engine, ...(url !== null && { url }), ...(apiKey !== null && { apiKey }) },
    comments: [`from ${node.origin}`, ...assumed],
  };
}

function urlOf(node: ForeignNode): string | EnvironmentReference | null {
  const base = takeText(node.at('base_url'));
  if (base !== null) return variableIn(base) ?? base;
  const endpoint = takeText(node.at('endpoint'));
  if (endpoint === null) return null;
  const protocol = takeText(node.at('protocol')) ?? 'http';
  return (
    variableIn(endpoint) ?? (endpoint.includes('://') ? endpoint : `${protocol}://${endpoint}`)
  );
}

function keyOf(node: ForeignNode, model: string): EnvironmentReference | null {
  const variableNode = node.at('api_key_env');
  const name = takeText(variableNode);
  if (name !== null) {
    const reference = environmentReference(name);
    if (reference !== null) return reference;
    variableNode?.drop('is no name of a variable');
  }
  return takeSecret(node.at('api_key'), `${variableName(model)}_API_KEY`);
}
