import type { Engine, Signal } from '../../contract/index.ts';
import { BUILT_IN_MODES } from '../config/modes.ts';
import { policyJsonSchema } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const HEAD = `# Configuration

<!-- Generated from the schema by scripts/reference.ts: do not edit. -->

The policy file is YAML 1.2, one document. An unknown key is an error. Digits may be grouped
(\`1_000_000\`). In any value, \`\${NAME}\` is replaced by the environment variable NAME and
\`\${NAME:-default}\` has a default for one that is unset or empty; \`$\${\` is a literal \`\${\`. Values are
substituted after parsing, so that no variable can change the structure; a variable that is not set is
an error, unless NAME_FILE is: then the value is what that file holds. Inside braces, quote it: \`{ apiKey: "\${NAME}" }\`. Editors validate and complete with
[policy.schema.json](policy.schema.json): put \`# yaml-language-server: $schema=PATH\` on the first line.
`;

const CONDITIONS = `## Conditions

The value of \`when\`. A mapping of one or more of the keys below; several keys mean all of them.
\`all\` and \`any\` take a list of conditions, \`atLeast\` a number of them, \`not\` takes one. Signals are
computed only while the outcome depends on them, cheap ones first. The policy guide (docs/guides/policy.md)
shows each with examples.

A signal can be *unknown*: it failed, or the input does not tell. \`not\` of unknown is unknown. A
constraint takes unknown for true and a route takes it for false, so that doubt protects. \`onError\`,
written beside a condition, changes that: \`match\` and \`noMatch\` are what its unknown counts as.

Text signals (keyword, structure, language) read the last user message. A keyword with
\`over: conversation\` reads every message: a constraint that must keep something out of a model wants
that, since earlier messages are sent along.

A number is compared with \`atLeast\`, \`atMost\`, \`above\`, \`below\` and \`equals\`, for example
\`contextTokens: { atLeast: 1000, below: 8000 }\`.
`;

const ORDER = `
Constraints come first: all that match apply, those of the policy and those of the recipe that the request asks for.
Then routes, in one total order: \`tier\` ascending, then \`priority\` descending, then the order of the file: its own
routes, then those of the files that it includes, as named, then those that it inherits, the last-named base first.
The first that matches decides. A recipe's routes stand in place of the policy's.
`;

const MODES = `| built-in mode | usdPerError | usdPerSecond | usdPerKilojoule |
|---|---|---|---|
`;

const PRECEDENCE = `
A request's mode (\`auto:MODE\`, \`x-bourse-mode\`, or \`bourse.mode\` in the body) goes before the tenant's
(set through the admin API, else under \`tenants\`), and that before the route's. Whoever names a mode
also sets aside the \`weights\` of those after it. Limits can only be tightened.
`;

/** The configuration reference as Markdown: one section per key of the file. */
export function policyReference(
  signals: readonly Signal[],
  engines: readonly Pick<Engine, 'kind'>[],
): string {
  const schema = policyJsonSchema(signals, engines);
  const sections = Object.entries(membersOf(schema)).map(([key, section]) => {
    const table = tableOf(section);
    const extra = extraOf(key);
    return `## ${key}\n\n${introOf(section)}\n${table === '' ? '' : `\n${table}`}${extra}`;
  });
  const definitions = schema['$defs'] as { condition: JsonSchema };
  const conditions = `${CONDITIONS}\n${tableOf(definitions.condition)}`;
  return `${[HEAD, ...sections, conditions].join('\n').trimEnd()}\n`;
}

function extraOf(section: string): string {
  if (section === 'modes') return `\n${MODES}${modeRows()}${PRECEDENCE}`;
  return section === 'routes' ? ORDER : '';
}

function modeRows(): string {
  return [...BUILT_IN_MODES]
    .map(([name, { usdPerError, usdPerSecond, usdPerKilojoule }]) => {
      const prices = [usdPerError, usdPerSecond, usdPerKilojoule].map((usd) => plain(usd));
      return `| \`${name}\` | ${prices.join(' | ')} |\n`;
    })
    .join('');
}

/** A small number without an exponent. */
const plain = (value: number): string => value.toFixed(8).replace(/0+$/, '').replace(/\.$/, '');

function introOf(section: JsonSchema): string {
  const lines = [section['description'] as string];
  if (section['type'] === 'array') lines.push('A list.');
  const fallback = section['default'];
  if (fallback !== undefined && typeof fallback !== 'object') {
    lines.push(`Default: \`${JSON.stringify(fallback)}\`.`);
  }
  return lines.join(' ');
}

function tableOf(section: JsonSchema): string {
  const rows = rowsOf(section, '');
  if (rows.length === 0) return '';
  const lines = rows.map((row) => `| ${row.map(escapeCell).join(' | ')} |`);
  return `| key | type | default | meaning |\n|---|---|---|---|\n${lines.join('\n')}\n`;
}

type Row = readonly [key: string, type: string, fallback: string, meaning: string];

function rowsOf(schema: JsonSchema, prefix: string): readonly Row[] {
  const inner = schema['type'] === 'array' ? (schema['items'] as JsonSchema) : schema;
  const required = new Set((inner['required'] as string[] | undefined) ?? []);
  const named = Object.entries(membersOf(inner));
  const others = inner['additionalProperties'];
  if (typeof others === 'object' && others !== null) named.push(['NAME', others as JsonSchema]);
  return named.flatMap(([key, member]) => {
    const path = `${prefix}${key}`;
    const isTold = isComparison(member) || REPEATED.test(path);
    const nested = isTold ? [] : rowsOf(member, listPrefix(path, member));
    const { default: fallback } = member;
    const isScalar = fallback !== undefined && typeof fallback !== 'object';
    const row: Row = [
      `\`${path}\``,
      typeOf(member),
      required.has(key) ? 'required' : isScalar ? `\`${JSON.stringify(fallback)}\`` : '',
      (member['description'] as string | undefined) ?? '',
    ];
    return [row, ...nested];
  });
}

/** Sections of a recipe that are told at the top. */
const REPEATED = /^NAME\.(conditions|signals|constraints|routes)$/;

const listPrefix = (path: string, member: JsonSchema): string =>
  member['type'] === 'array' ? `${path}[].` : `${path}.`;

/** The members of an object's schema, or of the object among the branches of a union. */
function membersOf(schema: JsonSchema): Record<string, JsonSchema> {
  const branches = (schema['anyOf'] as JsonSchema[] | undefined) ?? [];
  const own =
    schema['properties'] ?? branches.find((branch) => branch['properties'])?.['properties'];
  return (own as Record<string, JsonSchema> | undefined) ?? {};
}

function isComparison(schema: JsonSchema): boolean {
  return 'atLeast' in membersOf(schema);
}

function typeOf(schema: JsonSchema): string {
  if (typeof schema['$ref'] === 'string') return 'condition';
  if (isComparison(schema)) return 'comparison';
  const values = (schema['enum'] as unknown[] | undefined) ?? [];
  if (schema['const'] !== undefined) return `\`${JSON.stringify(schema['const'])}\``;
  if (values.length > 12) return 'one of many';
  if (values.length > 0) return values.map((value) => `\`${String(value)}\``).join(', ');
  const branches = schema['anyOf'] as JsonSchema[] | undefined;
  if (branches !== undefined) {
    const types = [...new Set(branches.map(typeOf))];
    const isAnyScalar = ['text', 'number', 'true or false'].every((type) => types.includes(type));
    return isAnyScalar ? 'value' : types.join(' or ');
  }
  if (schema['type'] === 'array') return `list of ${typeOf(schema['items'] as JsonSchema)}`;
  const type = Array.isArray(schema['type']) ? String(schema['type'][0]) : String(schema['type']);
  return TYPES[type] ?? type;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  object: 'mapping',
  boolean: 'true or false',
};

const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
