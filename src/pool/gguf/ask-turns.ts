import { z } from 'zod';
import { LocalAskError } from './local-model.ts';
import type { LocalCall, LocalTurn } from './local-model.ts';

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const content = z.union([z.string(), z.array(textPart)]).nullish();

const calls = z
  .array(
    z.object({
      id: z.string().min(1),
      type: z.literal('function').optional(),
      function: z.object({ name: z.string().min(1), arguments: z.string() }),
    }),
  )
  .nullish();

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content }),
  z.object({ role: z.literal('user'), content }),
  z.object({ role: z.literal('assistant'), content, tool_calls: calls }),
  z.object({ role: z.literal('tool'), content, tool_call_id: z.string().min(1) }),
]);

type Message = z.infer<typeof message>;
type Assistant = Extract<Message, { role: 'assistant' }>;

/** The messages of a chat completion request: text, and tools that were called. */
export const chatMessages = z.array(message).min(1);

/** A conversation in which each call has its result. Throws `LocalAskError`, which names the place. */
export function turnsOf(messages: readonly Message[]): LocalTurn[] {
  const turns: LocalTurn[] = [];
  for (let i = 0; i < messages.length; i++) {
    const each = messages[i]!;
    if (each.role === 'tool') throw refusal(i, 'answers no call of the message before it');
    if (each.role !== 'assistant') {
      const role = each.role === 'user' ? 'user' : 'system';
      turns.push({ role, text: textOf(each.content) });
      continue;
    }
    const results = resultsAfter(messages, i);
    turns.push({ role: 'assistant', text: textOf(each.content), calls: callsOf(each, results, i) });
    i += results.size;
  }
  return turns;
}

/** What tools said directly after a message, by the id of the call. */
function resultsAfter(messages: readonly Message[], at: number): Map<string, string> {
  const results = new Map<string, string>();
  for (let i = at + 1; i < messages.length; i++) {
    const each = messages[i]!;
    if (each.role !== 'tool') break;
    if (results.has(each.tool_call_id)) throw refusal(i, 'answers a call that has its answer');
    results.set(each.tool_call_id, textOf(each.content));
  }
  return results;
}

function callsOf(
  { tool_calls: given }: Assistant,
  results: ReadonlyMap<string, string>,
  at: number,
): LocalCall[] {
  const made = given ?? [];
  for (const id of results.keys()) {
    if (!made.some((call) => call.id === id)) throw refusal(at, `made no call "${id}"`);
  }
  return made.map(({ id, function: { name, arguments: text } }, i) => {
    const result = results.get(id);
    if (result === undefined) throw refusal(at, `has the call "${id}", which no tool answers`);
    const place = `messages.${at}.tool_calls.${i}.function.arguments`;
    return { name, params: text === '' ? {} : paramsIn(text, place), result: valueIn(result) };
  });
}

function paramsIn(text: string, place: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new LocalAskError(`${place}: is no JSON`);
  }
}

/** What a tool says is often JSON, and is shown to the model as such. */
function valueIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const refusal = (at: number, reason: string): LocalAskError =>
  new LocalAskError(`messages.${at}: ${reason}`);

function textOf(given: z.infer<typeof content>): string {
  if (given === null || given === undefined) return '';
  return typeof given === 'string' ? given : given.map(({ text }) => text).join('\n');
}
