import { Document, isMap, isScalar, isSeq, Scalar, visit } from 'yaml';
import type { Node, YAMLMap, YAMLSeq } from 'yaml';
import type { NotCarried } from '../foreign/not-carried.ts';
import { shown } from '../foreign/shown.ts';
import { EnvironmentReference } from './environment-reference.ts';
import type { DraftEntry, ListSection, PolicyDraft } from './policy-draft.ts';

const FLOW_CHARACTERS_MAX = 88;
/** More than this nobody reads; the command prints all. */
const LISTED_MAX = 1000;
const LISTS_BEFORE_SIGNALS: readonly ListSection[] = ['keys', 'tenants', 'models', 'instances'];
const LISTS_AFTER_SIGNALS: readonly ListSection[] = ['constraints', 'routes', 'budgets'];

/** The policy as YAML: what could not be carried on top, and before each part where it came from. */
export function writePolicy(
  draft: PolicyDraft,
  source: string,
  notCarried: readonly NotCarried[],
): string {
  const document = new Document({});
  const variables = new Set<string>();
  const root = document.contents as unknown as YAMLMap;
  const put: Put = (key, value, comments = []) => {
    const name = document.createNode(key) as Scalar;
    const node = document.createNode(plain(value, variables)) as Node;
    name.spaceBefore = true;
    comment(name, comments);
    root.set(name, node);
    return node;
  };
  put('version', 1);
  const addMap = (section: 'server' | 'attempts' | 'health'): void => {
    const entry = draft.map(section);
    if (entry !== null) put(section, entry.value, entry.comments);
  };
  const addList = (section: ListSection): void => {
    const entries = draft.list(section);
    if (entries.length > 0) commentItems(put(section, valuesOf(entries)), entries);
  };
  addMap('server');
  LISTS_BEFORE_SIGNALS.forEach(addList);
  addSignals(draft, put);
  LISTS_AFTER_SIGNALS.forEach(addList);
  addMap('attempts');
  addMap('health');
  visit(document, { Scalar: quoteDigits, Map: flowIfShort, Seq: flowIfShort });
  document.commentBefore = headOf(source, variables, notCarried).join('\n');
  return document.toString({ lineWidth: 0, flowCollectionPadding: true, singleQuote: true });
}

/** Adds a section and answers with its value. */
type Put = (key: string, value: unknown, comments?: readonly string[]) => Node;

function addSignals(draft: PolicyDraft, put: Put): void {
  const sections = (['keywords', 'similarities'] as const)
    .map((section) => [section, draft.definitions(section)] as const)
    .filter(([, entries]) => entries.length > 0);
  if (sections.length === 0) return;
  const values = sections.map(([section, entries]) => [section, valuesOf(entries)]);
  const node = put('signals', Object.fromEntries(values)) as YAMLMap;
  for (const [section, entries] of sections) commentItems(node.get(section) as Node, entries);
}

const valuesOf = (entries: readonly DraftEntry[]): readonly unknown[] =>
  entries.map(({ value }) => value);

function commentItems(node: Node, entries: readonly DraftEntry[]): void {
  for (const [i, { comments }] of entries.entries()) {
    comment((node as YAMLSeq<Node>).items[i]!, comments);
  }
}

function comment(node: Node, lines: readonly string[]): void {
  if (lines.length > 0) node.commentBefore = lines.map((line) => ` ${shown(line, 400)}`).join('\n');
}

/** Plain values in which no text of the foreign file refers to the environment. */
function plain(value: unknown, variables: Set<string>): unknown {
  if (value instanceof EnvironmentReference) {
    variables.add(value.name);
    return `\${${value.name}}`;
  }
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return value.map((item) => plain(item, variables));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, plain(member, variables)]));
}

/** A plain text of digits would be read as the number that it looks like. */
function quoteDigits(_key: unknown, node: Scalar): void {
  if (typeof node.value === 'string' && /^[-+.]?\d[\d_.]*$/.test(node.value)) {
    node.type = Scalar.QUOTE_SINGLE;
  }
}

/** A short collection of plain values stands on one line. */
function flowIfShort(_key: unknown, node: YAMLMap | YAMLSeq): void {
  const values = isMap(node) ? node.items.map((pair) => pair.value) : node.items;
  const isFlat = values.every((value) => isScalar(value) || (isSeq(value) && value.flow === true));
  const text = JSON.stringify(node.toJSON());
  const isLong = text.length > FLOW_CHARACTERS_MAX || text.includes('\\n');
  if (values.length > 0 && isFlat && !isLong) node.flow = true;
}

function headOf(
  source: string,
  variables: ReadonlySet<string>,
  notCarried: readonly NotCarried[],
): string[] {
  const lines = [
    ` Imported from ${shown(source, 200)} by "bourse import". Check it with "bourse check".`,
  ];
  if (variables.size > 0) lines.push(` It needs these variables: ${[...variables].join(', ')}.`);
  for (const [effect, title] of [
    ['dropped', 'Not carried over:'],
    ['changed', 'Carried over with another meaning:'],
  ] as const) {
    const entries = notCarried.filter((entry) => entry.effect === effect);
    if (entries.length === 0) continue;
    lines.push('', ` ${title}`);
    for (const { path, line, reason } of entries.slice(0, LISTED_MAX)) {
      lines.push(`   line ${line}, ${shown(path, 160)}: ${shown(reason, 400)}`);
    }
    if (entries.length > LISTED_MAX) lines.push(`   and ${entries.length - LISTED_MAX} more`);
  }
  return lines;
}
