import { expect, test } from 'vitest';
import type { Model } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { familiesOf, mayGrade } from './model-family.ts';

const model = (id: string, labels: Record<string, string> = {}): Model => ({
  id: id as ModelId,
  kind: 'chat',
  upstreamName: id,
  price: null,
  accuracy: { default: null, byDomain: new Map() },
  power: null,
  reasoning: null,
  contextWindowTokens: null,
  maxOutputTokens: null,
  labels: new Map(Object.entries(labels)),
});

test.each([
  ['Qwen/Qwen2.5-7B-Instruct', ['qwen']],
  ['QwQ-32B', ['qwen']],
  ['meta-llama/Llama-3.1-70B-Instruct', ['llama']],
  ['prometheus-eval/prometheus-7b-v2.0', ['mistral']],
  ['Unbabel/M-Prometheus-7B', ['qwen']],
  ['mistralai/Mixtral-8x7B', ['mistral']],
  ['deepseek-ai/DeepSeek-R1-Distill-Qwen-7B', ['qwen', 'deepseek']],
  ['nvidia/Llama-3.1-Nemotron-70B', ['llama', 'nvidia']],
  ['gpt-5-mini', ['openai']],
  ['o3-mini', ['openai']],
  ['openai/gpt-oss-20b', ['openai']],
  ['claude-sonnet-4', ['anthropic']],
  ['google/gemma-2-9b-it', ['google']],
  ['our-own-model', ['our-own-model']],
])('%s is of %j', (id, families) => {
  expect([...familiesOf(model(id))]).toEqual(families);
});

test('nobody grades its own family, whatever it is called', () => {
  expect(mayGrade(model('qwen2.5-72b'), model('qwen3-8b'))).toBe(false);
  expect(mayGrade(model('prometheus-7b'), model('mistral-small'))).toBe(false);
  expect(mayGrade(model('prometheus-7b'), model('qwen3-8b'))).toBe(true);
  expect(mayGrade(model('qwen3-8b'), model('deepseek-r1-distill-qwen-7b'))).toBe(false);
  expect(mayGrade(model('ours'), model('ours'))).toBe(false);
  expect(mayGrade(model('ours', { family: 'Qwen' }), model('qwen3-8b'))).toBe(false);
  expect(mayGrade(model('ours', { family: 'own' }), model('qwen3-8b'))).toBe(true);
});
