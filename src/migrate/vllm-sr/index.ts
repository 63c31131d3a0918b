/** vLLM Semantic Router, schema v0.3: providers, signals and decisions as a policy. */
import { PolicyDraft } from '../draft/policy-draft.ts';
import { ForeignProblem } from '../foreign/foreign-problem.ts';
import { notCarriedOf } from '../foreign/not-carried.ts';
import { readForeign } from '../foreign/read-foreign.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { finish } from '../imported.ts';
import type { Imported, ImportOptions } from '../imported.ts';
import { importDecisions } from './decisions.ts';
import { importListeners } from './listeners.ts';
import { importModels } from './models.ts';
import { VLLM_SR_REASONS } from './reasons.ts';

/** Throws `ForeignProblem` where the text cannot be read, or is of another version. */
export function importVllmSr(text: string, options: ImportOptions): Imported {
  const root = readForeign(text);
  checkVersion(root);
  const draft = new PolicyDraft();
  importListeners(root, draft);
  const ids = importModels(root, draft);
  importDecisions(root, ids, draft);
  return finish(draft, options.source, notCarriedOf(root, VLLM_SR_REASONS));
}

function checkVersion(root: ForeignNode): void {
  const node = root.at('version');
  if (/^v?0\.3(?:\.\d+)?$/.test(String(node?.scalar))) {
    node!.carry();
    return;
  }
  throw new ForeignProblem(
    'only version v0.3 of the configuration is read: `vllm-sr config migrate` writes it',
    node?.position ?? root.position,
  );
}
