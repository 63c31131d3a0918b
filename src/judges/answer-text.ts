import type { Surface, Workload } from '../contract/index.ts';
import { isObject } from '../wire/index.ts';

type Json = Readonly<Record<string, unknown>>;

/** The question of a request as a judge reads it: its text alone, or the whole conversation. */
export function questionOf(workload: Workload): string {
  const messages = workload.messages();
  if (messages.length <= 1) return messages[0]?.text ?? workload.lastUserText();
  return messages.map(({ role, text }) => `[${role}]\n${text}`).join('\n\n');
}

/** The text of an answer in its client's dialect; null where there is none, or where it calls tools. */
export function answerTextOf(surface: Surface, isStream: boolean, bytes: Buffer): string | null {
  const events = isStream ? eventsIn(bytes.toString()) : [parsed(bytes.toString())];
  let text = '';
  for (const event of events) {
    if (!isObject(event)) continue;
    const piece = surface === 'responses' ? responseText(event, isStream) : choiceText(event);
    if (piece === null) return null;
    text += piece;
  }
  return text.trim() === '' ? null : text;
}

/** Null: a tool is called. */
function choiceText(event: Json): string | null {
  const choices = event['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  if (!isObject(choice)) return '';
  const said = choice['delta'] ?? choice['message'] ?? { content: choice['text'] };
  if (!isObject(said)) return '';
  const calls = said['tool_calls'];
  if (Array.isArray(calls) && calls.length > 0) return null;
  return typeof said['content'] === 'string' ? said['content'] : '';
}

function responseText(event: Json, isStream: boolean): string | null {
  if (!isStream) return itemsText(event['output']);
  if (event['type'] === 'response.output_item.added' && isCall(event['item'])) return null;
  const isText = event['type'] === 'response.output_text.delta';
  return isText && typeof event['delta'] === 'string' ? event['delta'] : '';
}

function itemsText(output: unknown): string | null {
  let text = '';
  for (const item of Array.isArray(output) ? (output as readonly unknown[]) : []) {
    if (isCall(item)) return null;
    const content = isObject(item) ? item['content'] : null;
    for (const part of Array.isArray(content) ? (content as readonly unknown[]) : []) {
      if (isObject(part) && part['type'] === 'output_text' && typeof part['text'] === 'string') {
        text += part['text'];
      }
    }
  }
  return text;
}

const isCall = (item: unknown): boolean =>
  isObject(item) && typeof item['type'] === 'string' && item['type'].endsWith('_call');

function eventsIn(stream: string): unknown[] {
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => parsed(line.slice('data:'.length)));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
