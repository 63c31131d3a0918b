import { isWord } from '../wire/index.ts';
import type { JsonText } from '../wire/index.ts';

export type MessageKey =
  | 'role'
  | 'content'
  | 'tool_calls'
  | 'function_call'
  | 'type'
  | 'output'
  | null;
export type Author = 'user' | 'assistant' | 'tool' | 'other';

/** The member of a message, or of an item of the responses surface, that the quotes enclose. */
export function messageKey(text: JsonText, start: number, end: number): MessageKey {
  switch (end - start) {
    case 6:
      if (isWord(text, start, end, 'role')) return 'role';
      return isWord(text, start, end, 'type') ? 'type' : null;
    case 8:
      return isWord(text, start, end, 'output') ? 'output' : null;
    case 9:
      return isWord(text, start, end, 'content') ? 'content' : null;
    case 12:
      return isWord(text, start, end, 'tool_calls') ? 'tool_calls' : null;
    case 15:
      return isWord(text, start, end, 'function_call') ? 'function_call' : null;
    default:
      return null;
  }
}

export function authorOf(text: JsonText, start: number, end: number): Author {
  if (isWord(text, start, end, 'user')) return 'user';
  if (isWord(text, start, end, 'assistant')) return 'assistant';
  const isTool = isWord(text, start, end, 'tool') || isWord(text, start, end, 'function');
  return isTool ? 'tool' : 'other';
}

export const isImageKey = (text: JsonText, start: number, end: number): boolean =>
  isWord(text, start, end, 'image_url') ||
  isWord(text, start, end, 'video_url') ||
  isWord(text, start, end, 'image');

export const isAudioKey = (text: JsonText, start: number, end: number): boolean =>
  isWord(text, start, end, 'input_audio') || isWord(text, start, end, 'audio_url');
