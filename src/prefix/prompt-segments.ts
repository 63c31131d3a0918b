import type { Mandate, SystemPrompt, Workload } from '../contract/index.ts';
import type { ChainRoot, Segment } from './prompt-chain.ts';

/**
 * The parts of the effective prompt, in the order of the usual chat templates: what the policy
 * injects, tools, messages; as the client wrote them, so that a caller that writes the same
 * conversation in another way shares nothing with itself.
 */
export function segmentsOf({ surface, body }: Workload, { injection }: Mandate): Segment[] {
  const segments: Segment[] = [];
  const { systemPrompt } = injection;
  if (systemPrompt !== null) {
    const bytes = bytesOf(systemPrompt);
    segments.push({ bytes, start: 0, end: bytes.length });
  }
  for (const name of FIELDS[surface]) {
    const field = body.fields.get(name);
    if (field === undefined) continue;
    // Without the closing bracket: a longer conversation goes on there.
    segments.push({ bytes: body.bytes, start: field.start, end: field.end - 1 });
  }
  return segments;
}

const FIELDS = {
  chat: ['tools', 'messages'],
  completions: ['prompt'],
  responses: ['tools', 'instructions', 'input'],
  embeddings: [],
} as const;

/** Who shares: one tenant with itself, under one salt, with the same tools cut. The model is its instance's. */
export function rootOf({ caller, body }: Workload, { tools }: Mandate): ChainRoot {
  const salt = body.fields.get('cache_salt');
  const text = salt === undefined ? '' : body.bytes.toString('latin1', salt.start, salt.end);
  return { texts: [caller.tenant, text], numbers: tools?.cut ?? [] };
}

const known = new WeakMap<SystemPrompt, Buffer>();

function bytesOf(prompt: SystemPrompt): Buffer {
  let bytes = known.get(prompt);
  if (bytes === undefined) {
    bytes = Buffer.from(prompt.text);
    known.set(prompt, bytes);
  }
  return bytes;
}
