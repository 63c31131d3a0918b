import { TOOL_FIT } from '../../contract/index.ts';
import type {
  CutTool,
  Refusal,
  SignalReader,
  SpentReading,
  ToolPlan,
  ToolRule,
  Workload,
} from '../../contract/index.ts';
import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import {
  OPEN_BRACE,
  calledTools,
  chosenTools,
  declaredTools,
  shownToolName,
} from '../../wire/index.ts';
import type { DeclaredTool } from '../../wire/index.ts';
import { forbiddenTool, storedPrompt } from '../refusals.ts';
import type { RelevantTools, RouteTools } from './compile.ts';

/** How many of the tools that were cut an explanation shows. */
const SHOWN_MAX = 32;
const NOTHING_CUT: readonly number[] = [];
const NOTHING_SHOWN: readonly CutTool[] = [];

/**
 * What becomes of the tools of one request: null where nothing is said of them. `binding` are the rules
 * of the constraints that apply; they come before the route's.
 */
export function settleTools(
  workload: Workload,
  signals: SignalReader,
  binding: readonly ToolRule[],
  route: RouteTools | null,
): MaybeAsync<ToolPlan | Refusal | null> {
  const { surface, body } = workload;
  if (surface !== 'chat' && surface !== 'responses') return null;
  const own = route?.rule ?? null;
  const relevant = route?.relevant ?? null;
  const rules = own === null ? binding : [...binding, own];
  if (rules.length === 0 && relevant === null) return null;
  if (binding.length > 0 && surface === 'responses' && hasStoredPrompt(workload)) {
    return storedPrompt(binding[0]!);
  }
  const declared = declaredTools(body);
  const chosen = chosenTools(body);
  const refusal = refusalFor(workload, rules, declared, chosen);
  if (refusal !== null) return refusal;
  const cuts = declared.map((tool) => barringRule(rules, tool.names)?.source ?? null);
  if (relevant === null || !isTooMuch(relevant, declared, cuts))
    return planOf(rules, declared, cuts);
  const finish = (reading: SpentReading): ToolPlan | null => {
    const relevance = reading.value === null ? null : signals.share(TOOL_FIT).relevance;
    if (relevance === null) return planOf(rules, declared, cuts);
    const isKept = keptInAnyCase(workload, relevant, chosen);
    const scored = scoresOf(workload, relevance);
    return planOf(rules, declared, irrelevantOf(relevant, { declared, cuts, isKept, scored }));
  };
  const reading = signals.read(relevant.slot);
  return isPromise(reading) ? reading.then(finish) : finish(reading);
}

/** A prompt that the provider keeps can have tools that nobody sees here. */
function hasStoredPrompt({ body }: Workload): boolean {
  const prompt = body.fields.get('prompt');
  return prompt !== undefined && body.bytes[prompt.start] === OPEN_BRACE;
}

function refusalFor(
  { body }: Workload,
  rules: readonly ToolRule[],
  declared: readonly DeclaredTool[],
  chosen: readonly string[],
): Refusal | null {
  const onHistory = rules.filter((rule) => rule.onHistory === 'refuse');
  const called = onHistory.length === 0 ? [] : calledTools(body);
  const onDeclared = rules.filter((rule) => rule.onDeclared === 'refuse');
  const offered = onDeclared.length === 0 ? [] : declared.flatMap(({ names }) => names);
  return (
    firstForbidden(onDeclared, offered, 'leave it out of the tools') ??
    firstForbidden(onHistory, called, 'leave its calls out of the conversation') ??
    firstForbidden(rules, chosen, 'choose another, or leave the choice to the model')
  );
}

function firstForbidden(
  rules: readonly ToolRule[],
  names: Iterable<string>,
  remedy: string,
): Refusal | null {
  if (rules.length === 0) return null;
  for (const name of names) {
    const rule = rules.find((each) => !each.permits(name));
    if (rule !== undefined) return forbiddenTool(shownToolName(name), rule, remedy);
  }
  return null;
}

/** An element without a name has the empty one: an allowance does not hold it. */
function barringRule(rules: readonly ToolRule[], names: readonly string[]): ToolRule | undefined {
  const judged = names.length === 0 ? [''] : names;
  return rules.find((rule) => !judged.every((name) => rule.permits(name)));
}

type Cuts = readonly (string | null)[];

function isTooMuch(
  { top, minScore }: RelevantTools,
  declared: readonly DeclaredTool[],
  cuts: Cuts,
): boolean {
  const left = cuts.filter((cut) => cut === null).length;
  return declared.length > 0 && (left > top || (minScore !== null && left > 0));
}

function keptInAnyCase(
  { body }: Workload,
  { keeps }: RelevantTools,
  chosen: readonly string[],
): (name: string) => boolean {
  const called = calledTools(body);
  return (name) => keeps(name) || called.has(name) || chosen.includes(name);
}

/** By name, the best of equal ones. Tools beyond what was scored fit least. */
function scoresOf(workload: Workload, relevance: ArrayLike<number>): ReadonlyMap<string, number> {
  const scores = new Map<string, number>();
  for (const [i, { name }] of workload.tools().entries()) {
    const score = relevance[i] ?? Number.NEGATIVE_INFINITY;
    scores.set(name, Math.max(score, scores.get(name) ?? Number.NEGATIVE_INFINITY));
  }
  return scores;
}

/** Adds those that fit least. What has no score, such as a hosted tool, is left. */
function irrelevantOf(
  { top, minScore }: RelevantTools,
  tools: {
    readonly declared: readonly DeclaredTool[];
    readonly cuts: Cuts;
    readonly isKept: (name: string) => boolean;
    readonly scored: ReadonlyMap<string, number>;
  },
): Cuts {
  const { declared, isKept, scored } = tools;
  const cuts = [...tools.cuts];
  const ranked = declared
    .flatMap(({ names }, place) => {
      const scores = names.flatMap((name) => scored.get(name) ?? []);
      if (cuts[place] !== null || scores.length === 0 || names.some(isKept)) return [];
      return [{ place, score: Math.max(...scores) }];
    })
    .sort((a, b) => b.score - a.score || a.place - b.place);
  for (const [rank, { place, score }] of ranked.entries()) {
    if (rank < top && (minScore === null || score >= minScore)) continue;
    cuts[place] = Number.isFinite(score) ? `relevance ${score.toFixed(2)}` : 'relevance not read';
  }
  return cuts;
}

function planOf(
  rules: readonly ToolRule[],
  declared: readonly DeclaredTool[],
  cuts: Cuts,
): ToolPlan | null {
  if (cuts.every((because) => because === null)) {
    if (rules.length === 0) return null;
    return { rules, cut: NOTHING_CUT, cutBytes: 0, shown: NOTHING_SHOWN };
  }
  const cut: number[] = [];
  const shown: CutTool[] = [];
  let cutBytes = 0;
  for (const [place, because] of cuts.entries()) {
    if (because === null) continue;
    const { field, names, start, end } = declared[place]!;
    cut.push(place);
    // A member of the search's own kind never counted as text of the prompt.
    if (field !== 'web_search_options') cutBytes += end - start;
    if (shown.length < SHOWN_MAX) shown.push({ name: shownToolName(names[0] ?? ''), because });
  }
  return { rules, cut, cutBytes, shown };
}
