import { expect, test } from 'vitest';
import { fault } from '../kernel/index.ts';
import type { FaultCode } from '../kernel/index.ts';
import { errorBody, errorEvent } from './error-body.ts';

const codeOf = (code: FaultCode): string =>
  JSON.parse(errorBody(fault(code)).toString()).error.code;

test('is the body that OpenAI clients read, with our own code beside it', () => {
  const problem = fault('BRS_FIELD_TYPE', { field: 'n', expected: 'a number' }, { param: 'n' });
  expect(JSON.parse(errorBody(problem, 'd-0-x').toString())).toEqual({
    error: {
      message: 'The field "n" must be a number.',
      type: 'invalid_request_error',
      param: 'n',
      code: 'brs_field_type',
      bourse_code: 'BRS_FIELD_TYPE',
      bourse_decision_id: 'd-0-x',
    },
  });
  expect(errorBody(problem).toString()).not.toContain('bourse_decision_id');
});

test('speaks the codes that clients know', () => {
  expect(codeOf('BRS_MODEL_UNKNOWN')).toBe('model_not_found');
  expect(codeOf('BRS_KEY_MISSING')).toBe('invalid_api_key');
  expect(codeOf('BRS_BUDGET_EXHAUSTED')).toBe('insufficient_quota');
  expect(codeOf('BRS_RATE')).toBe('rate_limit_exceeded');
});

test('never tells the cause, and its event is one event whatever the message holds', () => {
  const problem = fault('BRS_FORBIDDEN', { reason: 'a\n\nb' }, { cause: new Error('secret') });
  const event = errorEvent(problem).toString();
  expect(event).not.toContain('secret');
  expect(event).toMatch(/^data: \{.*\}\n\n$/);
  expect(event.match(/\n/g)).toHaveLength(2);
});
