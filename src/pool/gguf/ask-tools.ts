import { z } from 'zod';
import { grammarSchema } from './grammar-schema.ts';
import { LocalAskError } from './local-model.ts';
import type { LocalAsk } from './local-model.ts';

const TOOLS_MAX = 128;
/** Calls of one answer: a model that never ends its calls ends here. */
const CALLS_MAX = 16;

const toolName = z
  .string()
  .regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, dashes or underscores');

/** What a request says of tools, in OpenAI's form. */
export const toolMembers = {
  tools: z
    .array(
      z.object({
        type: z.literal('function', 'a local model calls functions only'),
        function: z.object({
          name: toolName,
          description: z.string().nullish(),
          parameters: z.record(z.string(), z.unknown()).nullish(),
        }),
      }),
    )
    .max(TOOLS_MAX)
    .nullish(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.object({ type: z.literal('function'), function: z.object({ name: toolName }) }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
};

const members = z.object(toolMembers);

/** The tools that the choice leaves, and whether one must be called. Throws `LocalAskError`. */
export function toolsOf(
  given: z.infer<typeof members>,
): Pick<LocalAsk, 'tools' | 'mustCall' | 'maxCalls'> {
  const choice = given.tool_choice ?? 'auto';
  const all = given.tools ?? [];
  const maxCalls = given.parallel_tool_calls === false ? 1 : CALLS_MAX;
  if (choice === 'none') return { tools: [], mustCall: false, maxCalls };
  const wanted = typeof choice === 'object' ? choice.function.name : null;
  const tools = all.flatMap(({ function: { name, description, parameters } }, i) => {
    if (wanted !== null && name !== wanted) return [];
    const place = `tools.${i}.function.parameters`;
    const mapped = takesNone(parameters ?? {})
      ? null
      : grammarSchema({ type: 'object', ...parameters }, place);
    return [{ name, description: description ?? null, parameters: mapped }];
  });
  const names = tools.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new LocalAskError(`tools: "${twice}" stands there twice`);
  const mustCall = choice !== 'auto';
  if (mustCall && tools.length === 0) {
    const missing = wanted === null ? 'there are no tools' : `there is no tool "${wanted}"`;
    throw new LocalAskError(`tool_choice: ${missing}`);
  }
  return { tools, mustCall, maxCalls: wanted === null ? maxCalls : 1 };
}

/** What says of an object's members what they are. */
const DESCRIBING = ['additionalProperties', '$ref', 'anyOf', 'oneOf', 'allOf'];

const takesNone = (parameters: Readonly<Record<string, unknown>>): boolean =>
  Object.keys(Object(parameters['properties'])).length === 0 &&
  DESCRIBING.every((key) => parameters[key] === undefined || parameters[key] === false);
