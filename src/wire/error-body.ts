import type { Fault, FaultCode } from '../kernel/index.ts';

/** The codes that OpenAI clients know; any other fault goes by its own, in lower case. */
const OPENAI_CODES: Partial<Record<FaultCode, string>> = {
  BRS_MODEL_UNKNOWN: 'model_not_found',
  BRS_KEY_MISSING: 'invalid_api_key',
  BRS_KEY_INVALID: 'invalid_api_key',
  BRS_BUDGET_EXHAUSTED: 'insufficient_quota',
  BRS_RATE: 'rate_limit_exceeded',
  BRS_CONCURRENCY: 'rate_limit_exceeded',
  BRS_OVERLOADED: 'rate_limit_exceeded',
};

/** An OpenAI error body: `{"error":{message,type,param,code}}`, with the exchange's own code beside it. */
export function errorBody(fault: Fault, decisionId?: string): Buffer {
  return Buffer.from(errorJson(fault, decisionId));
}

/** The same as the event that ends a stream which broke. */
export function errorEvent(fault: Fault, decisionId?: string): Buffer {
  return Buffer.from(`data: ${errorJson(fault, decisionId)}\n\n`);
}

function errorJson(fault: Fault, decisionId: string | undefined): string {
  return JSON.stringify({
    error: {
      message: fault.message,
      type: fault.type,
      param: fault.param,
      code: OPENAI_CODES[fault.code] ?? fault.code.toLowerCase(),
      bourse_code: fault.code,
      ...(decisionId === undefined ? {} : { bourse_decision_id: decisionId }),
    },
  });
}
