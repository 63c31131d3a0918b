import type { GgufSummary } from '../contract/index.ts';
import { safeText } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface AddModelFlags {
  readonly config: string;
  readonly id?: string;
}

/** Says what a GGUF file holds, after its length was held against its head. */
export async function verifyModel(
  terminal: Terminal,
  file: string,
  flags: { readonly json?: boolean },
): Promise<void> {
  const { verifyModel: verify } = await terminal.loadApp();
  const summary = await verify(file);
  if (flags.json) {
    terminal.print(JSON.stringify(summary, null, 2));
    return;
  }
  for (const line of describe(summary)) terminal.print(line);
}

/** Puts a GGUF file into a policy file. */
export async function addModel(
  terminal: Terminal,
  file: string,
  { config, id }: AddModelFlags,
): Promise<void> {
  const { addModel: add } = await terminal.loadApp();
  const added = await add({ configFile: config, file, id: id ?? null });
  for (const line of describe(added.summary)) terminal.print(line);
  terminal.print(`${config} has the model ${added.id} and its instance ${added.instance}.`);
  terminal.print('It runs with the package node-llama-cpp: npm install node-llama-cpp');
}

function describe(summary: GgufSummary): string[] {
  const { architecture, name, contextTokens, layers, parameters, tensors, fileBytes } = summary;
  const lines = [
    `model       ${safeText(name ?? 'unnamed')}, ${safeText(architecture ?? 'of unknown architecture')}`,
    `parameters  ${(parameters / 1e6).toFixed(1)} million in ${tensors} tensors, ${layers ?? '?'} layers`,
    `context     ${contextTokens ?? 'unknown'} tokens`,
    `file        ${(fileBytes / 1024 / 1024).toFixed(1)} MiB, whole`,
  ];
  if (summary.isEmbedding) {
    lines.push('It embeds texts: it answers /v1/embeddings.');
  } else if (!summary.hasChatTemplate) {
    lines.push('It has no chat template: conversations are written in a general form.');
  }
  return lines;
}
