/** A template is at least this long, and opens at least this many prompts of a table. */
const TEMPLATE_UNITS_MIN = 64;
const TEMPLATE_PROMPTS_MIN = 8;
const TEMPLATE_SHARE_MIN = 0.05;
const TEMPLATE_UNITS_MAX = 32_768;
const TEMPLATES_MAX = 64;

/**
 * The text of a prompt. Files of RouterBench hold the representation of a Python list of one text,
 * `['…']` or `["…"]`, with its escapes.
 */
export function promptText(prompt: string): string {
  const quote = prompt[1];
  const isList = prompt.startsWith('[') && (quote === "'" || quote === '"');
  if (!isList || !prompt.endsWith(`${quote}]`) || prompt.length < 4) return prompt;
  return unescapePython(prompt.slice(2, -2));
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ["'", "'"],
  ['"', '"'],
  ['\\', '\\'],
]);

function unescapePython(text: string): string {
  if (!text.includes('\\')) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const plain = text[i] === '\\' ? ESCAPES.get(text[i + 1] ?? '') : undefined;
    out += plain ?? text[i]!;
    if (plain !== undefined) i++;
  }
  return out;
}

/** What many prompts begin with, such as worked examples, and what is said of none of them; longest first. */
function findTemplates(texts: readonly string[]): string[] {
  const least = Math.max(TEMPLATE_PROMPTS_MIN, texts.length * TEMPLATE_SHARE_MIN);
  const groups = Map.groupBy(
    [...new Set(texts)].filter(({ length }) => length > TEMPLATE_UNITS_MIN),
    (text) => text.slice(0, TEMPLATE_UNITS_MIN),
  );
  const templates: string[] = [];
  for (const group of groups.values()) {
    if (group.length < least) continue;
    const sorted = group.toSorted();
    const common = commonStart(sorted[0]!, sorted.at(-1)!);
    templates.push(common.slice(0, Math.min(TEMPLATE_UNITS_MAX, wordEdge(common))));
  }
  return templates
    .filter(({ length }) => length >= TEMPLATE_UNITS_MIN / 2)
    .toSorted((a, b) => b.length - a.length)
    .slice(0, TEMPLATES_MAX);
}

/** What prompts of several tables say behind the templates of all of them. */
export function textsOf(tables: readonly { readonly prompts: readonly string[] }[]): {
  readonly templates: readonly string[];
  /** Whole, one table behind the other. */
  readonly whole: readonly string[];
  readonly texts: readonly string[];
} {
  const own = tables.map(({ prompts }) => prompts.map(promptText));
  const templates = [...new Set(own.flatMap(findTemplates))].toSorted(
    (a, b) => b.length - a.length,
  );
  const whole = own.flat();
  return { templates, whole, texts: whole.map((text) => withoutTemplate(text, templates)) };
}

/** The text behind the first template that it begins with. */
export function withoutTemplate(text: string, templates: readonly string[]): string {
  const template = templates.find((start) => text.startsWith(start));
  return template === undefined ? text : text.slice(template.length);
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

/** Behind the last space or line feed. */
const wordEdge = (text: string): number =>
  Math.max(text.lastIndexOf(' '), text.lastIndexOf('\n')) + 1;
