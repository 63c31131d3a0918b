import type { FlowController, Workload } from '../contract/index.ts';

export const NO_FLOW: FlowController = { pause: () => {}, resume: () => {}, abort: () => {} };

/** The members that every answer of the chat and completions surfaces begins with. */
export function frameOf(workload: Workload): Readonly<Record<string, unknown>> {
  const isCompletion = workload.surface === 'completions';
  return {
    id: `${isCompletion ? 'cmpl' : 'chatcmpl'}-${workload.id}`,
    object: isCompletion ? 'text_completion' : 'chat.completion',
    created: Math.floor(workload.receivedAtMs / 1000),
    model: workload.requestedModel,
  };
}

/** What a translation to the responses surface needs to know of the request. */
export const infoOf = (workload: Workload) => ({
  id: workload.id,
  createdAtSeconds: Math.floor(workload.receivedAtMs / 1000),
  request: workload.body,
});
