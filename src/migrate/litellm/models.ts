import { modelNames, Names } from '../draft/names.ts';
import type { PolicyDraft } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { readDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { readModelFacts } from './model-facts.ts';
import type { ModelFacts } from './model-facts.ts';

/** A model of the policy. */
export interface ImportedModel {
  readonly id: string;
  readonly kind: Deployment['kind'];
  readonly facts: ModelFacts;
}

/** The models of each `model_name`, in the order of the file; empty where all of them were left out. */
export type ModelGroups = ReadonlyMap<string, readonly ImportedModel[]>;

/** Deployments of one name and one upstream model become a model with several instances. */
export function importModels(root: ForeignNode, draft: PolicyDraft): ModelGroups {
  const list = root.at('model_list');
  if (list !== null && list.content.kind !== 'list') list.drop('is not a list');
  const groups = new Map<string, ImportedModel[]>();
  const names = { models: modelNames(), instances: new Names() };
  const deployments: Deployment[] = [];
  for (const node of list?.items ?? []) {
    const deployment = readDeployment(node);
    const name = deployment?.group ?? node.at('model_name')?.scalar;
    if (typeof name === 'string' && !groups.has(name)) groups.set(name, []);
    if (deployment !== null) deployments.push(deployment);
  }
  const variants = Map.groupBy(deployments, ({ group, upstreamName, kind }) =>
    JSON.stringify([group, upstreamName, kind]),
  );
  for (const variant of variants.values()) {
    const siblings = groups.get(variant[0]!.group)!;
    siblings.push(addModel(variant, siblings, names, draft));
  }
  return groups;
}

function addModel(
  deployments: readonly Deployment[],
  siblings: readonly ImportedModel[],
  names: { readonly models: Names; readonly instances: Names },
  draft: PolicyDraft,
): ImportedModel {
  const [first] = deployments as [Deployment];
  const nameNode = first.node.at('model_name')!;
  let id: string;
  if (siblings.length === 0) id = names.models.giveFor(first.group, nameNode);
  else {
    id = names.models.give(`${siblings[0]!.id}/${first.upstreamName}`);
    nameNode.change(
      `its servers call it otherwise than those of the model "${siblings[0]!.id}": it is a model of its own, "${id}", which clients that ask for the first do not reach`,
    );
  }
  const facts = readModelFacts(deployments);
  const model = {
    id,
    ...(first.kind === 'embedding' && { kind: 'embedding' }),
    ...(first.upstreamName !== id && { upstreamName: first.upstreamName }),
    ...facts,
  };
  draft.add('models', model, `from ${deployments.map(({ node }) => node.origin).join('; ')}`);
  for (const deployment of deployments) addInstance(deployment, id, names.instances, draft);
  return { id, kind: first.kind, facts };
}

function addInstance(
  { node, instanceId, engine, url, apiKey, maxRunning }: Deployment,
  model: string,
  names: Names,
  draft: PolicyDraft,
): void {
  const idNode = node.at('model_info')?.at('id') ?? null;
  const id =
    instanceId === null || idNode === null ? names.give(model) : names.giveFor(instanceId, idNode);
  const instance = {
    id,
    model,
    engine,
    ...(url !== null && { url }),
    ...(apiKey !== null && { apiKey }),
    ...(maxRunning !== null && { maxRunning }),
  };
  draft.add('instances', instance, `from ${node.origin}`);
}
