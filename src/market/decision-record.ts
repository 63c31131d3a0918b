import type {
  Award,
  Decision,
  Mandate,
  Outcome,
  Policy,
  Refusal,
  SpentReading,
} from '../contract/index.ts';

/** What is kept of a decision: scalars, and values that hold no text of the client. */
export interface DecisionRecord {
  readonly id: string;
  readonly receivedAtMs: number;
  readonly surface: string;
  readonly tenant: string;
  readonly requestedModel: string;
  readonly archetype: string;
  readonly promptBytes: number;
  readonly policy: Policy;
  readonly readings: readonly (SpentReading | undefined)[];
  readonly mandate: Mandate | null;
  readonly result: Award | Refusal;
  outcome: Outcome | null;
}

/** Names of models are short; a longer one is the client's text, cut and copied so that it keeps no body alive. */
const MODEL_NAME_MAX = 128;

export function recordOf({ workload, policy, signals, mandate, result }: Decision): DecisionRecord {
  return {
    id: workload.id,
    receivedAtMs: workload.receivedAtMs,
    surface: workload.surface,
    tenant: workload.caller.tenant,
    requestedModel: shortName(workload.requestedModel),
    archetype: workload.archetype().key,
    promptBytes: workload.promptBytes,
    policy,
    readings: signals.readings(),
    mandate,
    result,
    outcome: null,
  };
}

function shortName(name: string): string {
  if (name.length <= MODEL_NAME_MAX) return name;
  return `${Array.from(name.slice(0, MODEL_NAME_MAX)).join('')}…`;
}
