import { isObject } from '../wire/index.ts';

const READ_CHARACTERS = 4_096;
const FAILED =
  /^\W*(?:error|exception|traceback|failed|failure|fatal|invalid (?:argument|parameter))\b/i;
const FAILED_STATES = new Set(['error', 'failed', 'failure']);

/** Whether a tool's result says that its call failed, in the words that tools use. */
export function reportsFailure(text: string): boolean {
  const head = text.slice(0, READ_CHARACTERS).trim();
  if (!head.startsWith('{')) return FAILED.test(head);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  if (!isObject(value)) return false;
  const { error, isError, is_error: isErrorToo, success, ok, status } = value;
  if (isError === true || isErrorToo === true || success === false || ok === false) return true;
  if (typeof status === 'string' && FAILED_STATES.has(status.toLowerCase())) return true;
  return error !== undefined && error !== null && error !== false && error !== '';
}
