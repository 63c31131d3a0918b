import { parseField } from '../wire/index.ts';
import type { RequestBody, ToolView } from '../contract/index.ts';

type Json = Readonly<Record<string, unknown>>;

/** The tools that the request declares, in order; those without a name are left out. */
export function readTools(body: RequestBody): readonly ToolView[] {
  return [...viewsOf(body, 'tools'), ...viewsOf(body, 'functions')];
}

function viewsOf(body: RequestBody, key: string): readonly ToolView[] {
  if (!body.fields.has(key)) return [];
  const declared = parseField(body, key);
  if (!Array.isArray(declared)) return [];
  return declared.flatMap((tool: unknown) => viewOf(tool) ?? []);
}

/** `{ type, function: { name, description } }`, or `{ name, description }` as Responses and `functions` write it. */
function viewOf(tool: unknown): ToolView | null {
  if (!isObject(tool)) return null;
  const body = isObject(tool['function']) ? tool['function'] : tool;
  const { name, description } = body;
  if (typeof name !== 'string') return null;
  return { name, description: typeof description === 'string' ? description : '' };
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
