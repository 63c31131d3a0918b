import type { CacheRule, Mandate, Workload } from '../contract/index.ts';
import { readNumber, readString } from '../wire/index.ts';

/** Members of a body that ask for what a stored answer cannot give. */
const UNIQUE = [
  'seed',
  'logprobs',
  'top_logprobs',
  'audio',
  'prediction',
  'echo',
  'suffix',
  'best_of',
];
const UNIQUE_ON_RESPONSES = ['previous_response_id', 'conversation', 'background', 'prompt'];

/**
 * Why a request neither gets nor leaves a stored answer, as far as its shape tells; null: it may.
 * What its text tells (time, personal data) is asked when an answer is about to be used or stored.
 */
export function bypassReason(workload: Workload, mandate: Mandate, rule: CacheRule): string | null {
  const { surface, body } = workload;
  if (surface === 'embeddings') return 'embeddings';
  if (workload.choices !== 1) return 'several choices';
  if (mandate.answer !== null) return 'fixed answer';
  if (workload.isInToolLoop()) return 'tool loop';
  if (workload.header('cache-control') === 'no-store') return 'cache-control';
  for (const name of UNIQUE) if (isSet(workload, name)) return name;
  if (surface === 'responses') {
    for (const name of UNIQUE_ON_RESPONSES) if (isSet(workload, name)) return name;
  }
  if (readString(body, 'tool_choice') === 'required') return 'tool_choice';
  const temperature = readNumber(body, 'temperature');
  return temperature !== null && temperature > rule.maxTemperature ? 'temperature' : null;
}

function isSet({ body }: Workload, name: string): boolean {
  const field = body.fields.get(name);
  if (field === undefined) return false;
  const first = body.bytes[field.start];
  // Neither null nor false.
  return first !== 0x6e && first !== 0x66;
}
