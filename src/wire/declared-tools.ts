import type { FieldSpan, RequestBody } from '../contract/index.ts';
import type { BodyEdits } from './body-edits.ts';
import {
  CLOSE_BRACKET,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfValue,
  firstItem,
  nextItem,
} from './json-text.ts';
import type { JsonText } from './json-text.ts';
import { ownMember } from './own-member.ts';
import { decodeString, parseField } from './read-field.ts';
import { isObject } from './usage.ts';

/** A tool as the request declares it, found in its bytes. */
export interface DeclaredTool {
  readonly field: (typeof LISTS)[number] | typeof SEARCH;
  readonly start: number;
  readonly end: number;
  /**
   * What it goes by. Two surfaces could read two names in one element, and a hosted tool has its type
   * besides: all of them count. Empty where the element has none.
   */
  readonly names: readonly string[];
}

const LISTS = ['tools', 'functions'] as const;
/** A hosted tool that has a member of its own. */
const SEARCH = 'web_search_options';
const SEARCH_NAME = 'web_search';
/** Types that say how a tool is called, not which one it is. */
const CALLED_BY_NAME = new Set(['function', 'custom']);
/** Tools inside of tools (namespaces) are followed this far. */
const NESTING_MAX = 4;

/**
 * The tools of a request in their order: `tools`, then `functions`, then the search that the chat
 * surface has as a member. Throws `BRS_FIELD_DUPLICATE` or `BRS_FIELD_ESCAPED` where two readers
 * could see two names.
 */
export function declaredTools(body: RequestBody): readonly DeclaredTool[] {
  const tools: DeclaredTool[] = [];
  for (const field of LISTS) {
    const span = body.fields.get(field);
    if (span !== undefined) addElements(body, field, span, tools);
  }
  const search = body.fields.get(SEARCH);
  if (search !== undefined && body.bytes[search.start] === OPEN_BRACE) {
    const { start, end } = search;
    tools.push({ field: SEARCH, start, end, names: [SEARCH_NAME] });
  }
  return tools;
}

function addElements(
  { bytes }: RequestBody,
  field: (typeof LISTS)[number],
  span: FieldSpan,
  tools: DeclaredTool[],
): void {
  if (bytes[span.start] !== OPEN_BRACKET) return;
  const text: JsonText = { bytes, end: span.end, isStrict: false };
  let at = firstItem(text, span.start, CLOSE_BRACKET);
  while (at >= 0) {
    const end = endOfValue(text, at, 2);
    const names = new Set<string>();
    addNames(text, at, names, NESTING_MAX);
    tools.push({ field, start: at, end, names: [...names] });
    at = nextItem(text, end, CLOSE_BRACKET);
  }
}

function addNames(text: JsonText, open: number, names: Set<string>, nesting: number): void {
  if (text.bytes[open] !== OPEN_BRACE) return;
  const type = stringAt(text, open, 'type');
  if (type !== null && !CALLED_BY_NAME.has(type)) names.add(type);
  for (const holder of ['function', 'custom']) {
    const inner = ownMember(text, open, holder);
    if (inner === null || text.bytes[inner.start] !== OPEN_BRACE) continue;
    const name = stringAt(text, inner.start, 'name');
    if (name !== null) names.add(name);
  }
  const name = stringAt(text, open, 'name');
  if (name !== null) names.add(name);
  const nested = nesting === 0 ? null : ownMember(text, open, 'tools');
  if (nested === null || text.bytes[nested.start] !== OPEN_BRACKET) return;
  let at = firstItem(text, nested.start, CLOSE_BRACKET);
  while (at >= 0) {
    addNames(text, at, names, nesting - 1);
    at = nextItem(text, endOfValue(text, at, 2), CLOSE_BRACKET);
  }
}

function stringAt(text: JsonText, open: number, key: string): string | null {
  const span = ownMember(text, open, key);
  if (span === null || text.bytes[span.start] !== QUOTE) return null;
  return decodeString(text.bytes, span.start, span.end, key);
}

/** The names of the tools that the conversation holds calls of. Throws as `declaredTools` does. */
export function calledTools(body: RequestBody): ReadonlySet<string> {
  const names = new Set<string>();
  for (const field of ['messages', 'input']) {
    const span = body.fields.get(field);
    if (span === undefined || body.bytes[span.start] !== OPEN_BRACKET) continue;
    const { bytes, longStrings } = body;
    const text: JsonText = { bytes, end: span.end, isStrict: false, longStrings };
    let at = firstItem(text, span.start, CLOSE_BRACKET);
    while (at >= 0) {
      if (body.bytes[at] === OPEN_BRACE) addCalls(text, at, names);
      at = nextItem(text, endOfValue(text, at, 1), CLOSE_BRACKET);
    }
  }
  return names;
}

const CALL_SUFFIX = '_call';

/** The calls of a message of the chat surface, or the call that an item of the responses surface is. */
function addCalls(text: JsonText, open: number, names: Set<string>): void {
  const calls = ownMember(text, open, 'tool_calls');
  if (calls !== null && text.bytes[calls.start] === OPEN_BRACKET) {
    let at = firstItem(text, calls.start, CLOSE_BRACKET);
    while (at >= 0) {
      addNames(text, at, names, 0);
      at = nextItem(text, endOfValue(text, at, 2), CLOSE_BRACKET);
    }
  }
  const legacy = ownMember(text, open, 'function_call');
  if (legacy !== null) addNames(text, legacy.start, names, 0);
  const type = stringAt(text, open, 'type');
  if (type === null || !type.endsWith(CALL_SUFFIX)) return;
  const kind = type.slice(0, -CALL_SUFFIX.length);
  if (!CALLED_BY_NAME.has(kind) && kind !== 'custom_tool') names.add(kind);
  const name = stringAt(text, open, 'name');
  if (name !== null) names.add(name);
}

/** The names that `tool_choice` and `function_call` ask for; none where they leave it to the model. */
export function chosenTools(body: RequestBody): readonly string[] {
  const names: string[] = [];
  for (const field of ['tool_choice', 'function_call']) {
    const choice = body.fields.has(field) ? parseField(body, field) : null;
    if (isObject(choice)) addChosen(choice, names);
  }
  return names;
}

/** Choices that name no tool by their type. */
const CHOICE_TYPES = new Set(['function', 'custom', 'allowed_tools', 'auto', 'none', 'required']);

function addChosen(choice: Readonly<Record<string, unknown>>, names: string[]): void {
  const { type, name, function: called, custom, allowed_tools: allowed } = choice;
  if (typeof type === 'string' && !CHOICE_TYPES.has(type)) names.push(type);
  for (const each of [name, isObject(called) ? called['name'] : null]) {
    if (typeof each === 'string') names.push(each);
  }
  if (isObject(custom) && typeof custom['name'] === 'string') names.push(custom['name']);
  const list = isObject(allowed) ? allowed['tools'] : choice['tools'];
  for (const each of Array.isArray(list) ? (list as readonly unknown[]) : []) {
    if (isObject(each)) addChosen(each, names);
  }
}

/** Members that are refused where there is no tool to choose from. */
const GOES_WITH: Readonly<Record<(typeof LISTS)[number], readonly string[]>> = {
  tools: ['tool_choice', 'parallel_tool_calls'],
  functions: ['function_call'],
};

/**
 * Takes tools out, by their places in `declared`, ascending. What is left keeps its bytes and order; a
 * list of which nothing is left goes, and so do the members that say how to choose from it.
 */
export function cutTools(
  body: RequestBody,
  edits: BodyEdits,
  declared: readonly DeclaredTool[],
  places: readonly number[],
): void {
  const removed = new Set(places);
  for (const field of LISTS) {
    const elements = declared.flatMap((tool, place) =>
      tool.field === field ? [{ tool, isKept: !removed.has(place) }] : [],
    );
    if (elements.every(({ isKept }) => isKept)) continue;
    const kept = elements.filter(({ isKept }) => isKept).length;
    edits.set(field, kept === 0 ? null : withoutElements(body, field, elements));
    if (kept > 0) continue;
    for (const member of GOES_WITH[field]) edits.set(member, null);
  }
  if (declared.some(({ field }, place) => field === SEARCH && removed.has(place))) {
    edits.set(SEARCH, null);
  }
}

/** A removed element goes with the comma after it; those after the last kept one with the comma before them. */
function withoutElements(
  { bytes, fields }: RequestBody,
  field: string,
  elements: readonly { readonly tool: DeclaredTool; readonly isKept: boolean }[],
): Buffer {
  const span = fields.get(field)!;
  const lastKept = elements.findLastIndex(({ isKept }) => isKept);
  const parts: Buffer[] = [];
  let from = span.start;
  for (let i = 0; i < lastKept; i++) {
    if (elements[i]!.isKept) continue;
    parts.push(bytes.subarray(from, elements[i]!.tool.start));
    from = elements[i + 1]!.tool.start;
  }
  if (lastKept < elements.length - 1) {
    parts.push(bytes.subarray(from, elements[lastKept]!.tool.end));
    from = elements.at(-1)!.tool.end;
  }
  parts.push(bytes.subarray(from, span.end));
  return Buffer.concat(parts);
}

const NAME_CHARS_MAX = 64;
// oxlint-disable-next-line no-control-regex -- they are what is escaped
const INVISIBLE = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Somebody else's name for a tool, fit for logs and terminals: escaped, cut short, a copy that keeps no body alive. */
export function shownToolName(name: string): string {
  const short = Array.from(name.slice(0, NAME_CHARS_MAX * 2)).slice(0, NAME_CHARS_MAX);
  const escaped = JSON.stringify(short.join(''))
    .slice(1, -1)
    .replaceAll(INVISIBLE, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return short.join('').length < name.length ? `${escaped}…` : escaped;
}
