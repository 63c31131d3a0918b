import type { InstanceRule, ToolRule } from '../../contract/index.ts';
import type { Findings, Path } from '../document/place.ts';
import type { PolicyFile } from '../schema/index.ts';
import { compileNames } from './name-patterns.ts';
import type { MatchName } from './name-patterns.ts';

/** What a route says of tools. */
export interface RouteTools {
  /** Null where it only cuts to the relevant ones. */
  readonly rule: ToolRule | null;
  readonly relevant: RelevantTools | null;
}

export interface RelevantTools {
  /** How many are kept, besides those that are kept in any case. */
  readonly top: number;
  readonly minScore: number | null;
  readonly keeps: MatchName;
  /** The slot of the tools' relevance. */
  readonly slot: number;
}

/** Where the signals of a policy are read; null for one that there is not. */
interface ValueSlots {
  valueSlot(kind: string): number | null;
}

type ConstraintTools = NonNullable<PolicyFile['constraints'][number]['tools']>;
type WrittenTools = NonNullable<PolicyFile['routes'][number]['use']['tools']>;

/** The rule of a constraint with what it says of tools. */
export function withToolRule(
  rule: InstanceRule,
  constraint: string,
  written: ConstraintTools | undefined,
): InstanceRule {
  if (written === undefined) return rule;
  const tools = ruleOf(`constraint ${constraint}`, written);
  return { ...rule, text: rule.text === '' ? tools.text : `${rule.text}; ${tools.text}`, tools };
}

/** What a route says of tools; a relevance that no signal reads is a finding. */
export function compileRouteTools(
  route: string,
  written: WrittenTools | undefined,
  context: { readonly slots: ValueSlots; readonly findings: Findings; readonly path: Path },
): RouteTools | null {
  if (written === undefined) return null;
  const { relevant, onCall, message } = written;
  const names = { allow: written.allow, deny: written.deny };
  const isRule = names.allow !== undefined || names.deny !== undefined;
  const rule = isRule
    ? ruleOf(`route ${route}`, { ...names, onCall, message, onDeclared: 'cut', onHistory: 'keep' })
    : null;
  if (relevant === undefined) return { rule, relevant: null };
  const slot = context.slots.valueSlot('toolRelevance');
  if (slot === null) {
    context.findings.add(
      [...context.path, 'tools', 'relevant'],
      'needs the signal "toolRelevance", which is not there',
    );
  }
  return {
    rule,
    relevant: {
      top: relevant.top,
      minScore: relevant.minScore ?? null,
      keeps: compileNames(relevant.keep ?? []),
      slot: slot ?? 0,
    },
  };
}

function ruleOf(
  source: string,
  written: Pick<ToolRule, 'onDeclared' | 'onHistory' | 'onCall'> & {
    readonly allow?: readonly string[] | undefined;
    readonly deny?: readonly string[] | undefined;
    readonly message?: string | undefined;
  },
): ToolRule {
  const { allow, deny, onDeclared, onHistory, onCall, message } = written;
  const isAllowed = allow === undefined ? null : compileNames(allow);
  const isDenied = deny === undefined ? null : compileNames(deny);
  const parts = [
    ...(allow === undefined ? [] : [`allow ${allow.join(', ')}`]),
    ...(deny === undefined ? [] : [`deny ${deny.join(', ')}`]),
  ];
  return {
    source,
    text: `tools ${parts.join('; ')}`,
    permits: (name) => isAllowed?.(name) !== false && isDenied?.(name) !== true,
    onDeclared,
    onHistory,
    onCall,
    message: message ?? null,
  };
}
