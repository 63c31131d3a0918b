import { endsWithV1, urlProblem } from '../draft/base-url.ts';
import { EnvironmentReference, variableName } from '../draft/environment-reference.ts';
import { takeSecret, variableIn } from '../draft/secret.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeCount, takeText } from '../foreign/take.ts';
import { chooseProvider } from './providers.ts';
import type { Provider } from './providers.ts';
import { lookup } from '../foreign/lookup.ts';

/** One entry of `model_list` that an engine of Bourse can serve. */
export interface Deployment {
  readonly node: ForeignNode;
  /** The `model_name` that clients ask for. */
  readonly group: string;
  readonly upstreamName: string;
  readonly kind: 'chat' | 'embedding';
  readonly engine: Provider['engine'];
  readonly url: string | EnvironmentReference | null;
  readonly apiKey: EnvironmentReference | null;
  readonly instanceId: string | null;
  readonly maxRunning: number | null;
}

const KINDS: Readonly<Record<string, Deployment['kind']>> = {
  chat: 'chat',
  completion: 'chat',
  responses: 'chat',
  embedding: 'embedding',
};

/** Null where it is left out, which its node then says. */
export function readDeployment(node: ForeignNode): Deployment | null {
  const params = node.at('litellm_params');
  const group = takeText(node.at('model_name'));
  const model = takeText(params?.at('model') ?? null);
  if (group === null || model === null || params === null) {
    return leftOut(node, 'it has no model_name, or no litellm_params.model');
  }
  if (group.includes('*') || model.includes('*')) {
    return leftOut(node, 'a wildcard stands for no certain model: name each model');
  }
  const variable = variableIn(model);
  if (variable !== null) return leftOut(node, 'its model is a variable: write the name out');
  const choice = chooseProvider(model, takeText(params.at('custom_llm_provider')));
  if ('reason' in choice) return leftOut(node, choice.reason);
  const mode = takeText(node.at('model_info')?.at('mode') ?? null);
  const kind = mode === null ? kindByName(choice.upstreamName) : lookup(KINDS, mode);
  if (kind === undefined) {
    return leftOut(node, 'its mode is neither chat nor embedding: Bourse routes no other');
  }
  const endpoint = readEndpoint(params, choice.provider, group);
  if ('reason' in endpoint) return leftOut(node, endpoint.reason);
  return {
    node,
    group,
    upstreamName: choice.upstreamName,
    kind,
    engine: choice.provider.engine,
    ...endpoint,
    instanceId: takeText(node.at('model_info')?.at('id') ?? null),
    maxRunning: takeCount(params.at('max_parallel_requests'), 1_000_000),
  };
}

function leftOut(node: ForeignNode, reason: string): null {
  node.drop(`the deployment is left out: ${reason}`);
  return null;
}

const kindByName = (name: string): Deployment['kind'] =>
  name.startsWith('text-embedding-') ? 'embedding' : 'chat';

type Endpoint = Pick<Deployment, 'url' | 'apiKey'>;

function readEndpoint(
  params: ForeignNode,
  provider: Provider,
  group: string,
): Endpoint | { readonly reason: string } {
  const base = params.at('api_base') ?? params.at('base_url');
  const written = takeText(base);
  let url: Endpoint['url'] = provider.url;
  if (written !== null) {
    url = variableIn(written) ?? written;
    const problem = typeof url === 'string' ? urlProblem(url) : null;
    if (problem !== null) return { reason: `its api_base ${problem}` };
    if (typeof url === 'string' && provider.engine === 'openai' && !endsWithV1(url)) {
      base?.change('Bourse asks for /v1/… below this base: check that it is there');
    }
  } else if (provider.urlVariable !== undefined) {
    url = new EnvironmentReference(provider.urlVariable);
  }
  const key = params.at('api_key');
  const own = takeSecret(key, `${variableName(group)}_API_KEY`);
  const { keyVariable } = provider;
  const isElsewhere = written !== null || key !== null || keyVariable === null;
  return { url, apiKey: own ?? (isElsewhere ? null : new EnvironmentReference(keyVariable)) };
}
