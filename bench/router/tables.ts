/** The tables of outcomes that may train what ships. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseOutcomes } from '../../src/evaluate/index.ts';
import type { OutcomeTable } from '../../src/quality/index.ts';

/** What is learned together: exam questions, and tasks with costs. */
export const GROUPS = [
  ['mmlu_pro', 'routellm_mmlu_gold1500'],
  ['routerbench_mbpp', 'routerbench_arc_challenge', 'routerbench_winograde'],
] as const;

export type TableName = (typeof GROUPS)[number][number];

/** Weak and strong, far apart and near. */
export const PAIRS: Readonly<Partial<Record<TableName, readonly (readonly [string, string])[]>>> = {
  routellm_mmlu_gold1500: [['mixtral-8x7b-instruct', 'gpt-4-1106-preview']],
  mmlu_pro: [
    ['Mistral-7B-Instruct-v0.2', 'gemini-1.5-pro-002'],
    ['Llama-2-7b-hf', 'Meta-Llama-3_1-70B'],
    ['Meta-Llama-3_1-8B', 'gemini-1.5-pro-002'],
    ['Mixtral-8x7B-Instruct-v0.1', 'Qwen1.5-110B'],
    ['Yi-6B', 'Yi-34B'],
    ['Mixtral-8x7B-v0.1', 'gemini-1.5-pro-002'],
    ['Meta-Llama-3-8B', 'Meta-Llama-3-70B'],
    ['Mistral-7B-v0.1', 'Qwen1.5-72B-Chat'],
  ],
};

export const PRICED: readonly TableName[] = [
  'routerbench_mbpp',
  'routerbench_arc_challenge',
  'routerbench_winograde',
];

/** From `BOURSE_ROUTER_DATA`, or from beside the checkout. */
export function loadTable(name: TableName): OutcomeTable {
  const folder = process.env['BOURSE_ROUTER_DATA'];
  const place = `${name}.jsonl.gz`;
  const file =
    folder === undefined
      ? new URL(`../../../shared/data/router/${place}`, import.meta.url)
      : `${folder}/${place}`;
  return parseOutcomes(name, gunzipSync(readFileSync(file)).toString('utf8'));
}
