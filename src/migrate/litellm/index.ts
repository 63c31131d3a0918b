/** LiteLLM: `model_list`, `router_settings`, `litellm_settings` and `general_settings` as a policy. */
import { PolicyDraft } from '../draft/policy-draft.ts';
import { notCarriedOf } from '../foreign/not-carried.ts';
import { readForeign } from '../foreign/read-foreign.ts';
import type { Imported, ImportOptions } from '../imported.ts';
import { finish } from '../imported.ts';
import { importBudget } from './budget.ts';
import { importMasterKey } from './keys.ts';
import { importModels } from './models.ts';
import { LITELLM_REASONS } from './reasons.ts';
import { importConcurrency, importRouting } from './routing.ts';

/** The port that LiteLLM listens on unless its command line says otherwise. */
const LITELLM_PORT = 4000;

/** Throws `ForeignProblem` where the text cannot be read. */
export function importLitellm(text: string, options: ImportOptions): Imported {
  const root = readForeign(text);
  const draft = new PolicyDraft();
  draft.set('server', { port: LITELLM_PORT }, "LiteLLM's port, so that clients keep their URL");
  const general = root.at('general_settings');
  const settings = root.at('litellm_settings');
  importMasterKey(general, draft, options.sha256);
  const groups = importModels(root, draft);
  const sections = [root.at('router_settings'), settings].filter((section) => section !== null);
  importRouting(sections, groups, draft);
  importConcurrency(general, draft);
  importBudget(settings, draft);
  return finish(draft, options.source, notCarriedOf(root, LITELLM_REASONS));
}
