import type { Surface } from '../contract/index.ts';
import { handedBack, withoutRepeated } from './begun-answer.ts';
import { splicedUsage } from './spliced-usage.ts';
import { isObject } from './usage.ts';

type Json = Readonly<Record<string, unknown>>;

/** An unstreamed answer of one choice, read. */
export interface WholePart {
  readonly text: string;
  readonly hasReasoning: boolean;
}

/** The text of an unstreamed answer; null where it has no choice. */
export function readWholePart(body: Buffer): WholePart | null {
  const choice = choiceOf(parsed(body));
  if (choice === null) return null;
  const message = isObject(choice['message']) ? choice['message'] : null;
  const text = message === null ? choice['text'] : message['content'];
  const thoughts = [message?.['reasoning'], message?.['reasoning_content']];
  return {
    text: typeof text === 'string' ? text : '',
    hasReasoning: thoughts.some((thought) => typeof thought === 'string' && thought !== ''),
  };
}

/**
 * One answer of several parts, each of which goes on with those before it: the first with the text of
 * all, the end of the last, and one usage. One part is the bytes that came.
 */
export function spliceAnswers(bodies: readonly Buffer[], surface: Surface): Buffer {
  const [first, ...others] = bodies.map(parsed) as [unknown, ...unknown[]];
  const begun = choiceOf(first);
  const last = choiceOf(others.at(-1));
  if (!isObject(first) || begun === null || last === null) return bodies.at(-1)!;
  let text = readWholePart(bodies[0]!)!.text;
  for (const body of bodies.slice(1)) {
    const repeated = text.slice(handedBack(surface, text).length);
    text += withoutRepeated(repeated, readWholePart(body)?.text ?? '');
  }
  const message = isObject(begun['message'])
    ? { message: { ...begun['message'], content: text } }
    : { text };
  const choice = { ...begun, ...message, finish_reason: last['finish_reason'] ?? null };
  const usage = splicedUsage(
    [first, ...others].map((part) => (isObject(part) ? part['usage'] : null)),
  );
  const { usage: _, ...rest } = first;
  return Buffer.from(
    JSON.stringify({ ...rest, choices: [choice], ...(usage === null ? {} : { usage }) }),
  );
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}

function choiceOf(value: unknown): Json | null {
  if (!isObject(value) || !Array.isArray(value['choices'])) return null;
  const first: unknown = value['choices'][0];
  return isObject(first) ? first : null;
}
