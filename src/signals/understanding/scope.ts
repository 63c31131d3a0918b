import type { FastText, SharedWork } from '../../contract/index.ts';
import { choicesOf } from '../shape.ts';
import type { RequestTexts } from './request-texts.ts';

/** Which texts a signal that protects reads: all of each, never a compressed one. */
export type Scope = 'lastUser' | 'conversation';
const SCOPES: readonly Scope[] = ['lastUser', 'conversation'];

export const SCOPE_SCHEMA: Readonly<Record<string, unknown>> = {
  enum: SCOPES,
  default: 'lastUser',
  description:
    'What is read: the last user message, or every message, tool results and system prompts included.',
};

export function scopeOf(value: unknown): Scope {
  if (value === undefined) return 'lastUser';
  return choicesOf(value, SCOPES, ['over'])[0] as Scope;
}

export function textsIn(
  scope: Scope,
  texts: RequestTexts,
  shared: SharedWork,
): readonly FastText[] {
  return scope === 'lastUser' ? [shared.share(texts.lastUser)] : shared.share(texts.conversation);
}
