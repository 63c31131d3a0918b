import type { StoredAnswerView } from '../contract/index.ts';
import type { DecisionView, InjectionView, Limits, Objective } from '../contract/index.ts';
import { fit, fitList } from './fit.ts';
import { paintFor } from './paint.ts';
import type { Paint } from './paint.ts';
import { micro, renderBids } from './render-bids.ts';
import { readingText, timeText } from './render-reading.ts';
import { renderRules } from './render-rules.ts';
import { renderTable, safeText } from './table.ts';
import type { Column } from './table.ts';
import { PLAIN_SCREEN } from './terminal.ts';
import type { Screen } from './terminal.ts';

/** Narrower terminals get lines that wrap. */
const COLUMNS_MIN = 60;

/** A decision as text: what was asked, which rules decided and what they read, what is injected, who offered what, and how it ended. */
export function renderDecision(view: DecisionView, screen: Screen = PLAIN_SCREEN): string {
  const paint = paintFor(screen.hasColor);
  const width = screen.columns === null ? null : Math.max(COLUMNS_MIN, screen.columns);
  const sections = [
    heading(view, paint),
    renderRules(view, { width, paint }),
    otherSignals(view, paint),
    injection(view, width, paint),
    tools(view, paint),
    renderBids(view, width, paint),
    excluded(view, width, paint),
    outcome(view, paint),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function heading(view: DecisionView, paint: Paint): string[] {
  const { winner, refusal, answer } = view;
  const model = view.bids.find(({ instance }) => instance === winner)?.model;
  const won = winner === null ? 'nobody' : `${winner}${model === undefined ? '' : ` (${model})`}`;
  const decided = refusal === null ? won : `refused: ${refusal.reason}`;
  const own = answer === undefined ? decided : 'the fixed answer of its route';
  const verdict = safeText(view.stored?.isServed === true ? 'a stored answer' : own);
  const shown = refusal === null ? paint.good(verdict) : paint.bad(verdict);
  const lines = [
    `${safeText(view.id)}  ${safeText(view.requestedModel)} → ${shown}`,
    `  at ${view.at} · ${view.surface} · tenant ${safeText(view.tenant)} · ${view.promptBytes} bytes · ${view.archetype}`,
    `  route ${paint.strong(safeText(view.route ?? 'none'))} · mode ${safeText(view.mode ?? 'none')} · policy generation ${view.policyGeneration}`,
    ...objective(view.objective as (Objective & { readonly limits?: Limits }) | null),
  ];
  if (refusal !== null) lines.push(`  ${safeText(refusal.message)}`);
  if (answer !== undefined) lines.push(`  answer: ${safeText(answer)}`);
  if (view.stored !== undefined) lines.push(`  ${storedText(view.stored)}`);
  return lines;
}

function storedText(stored: StoredAnswerView): string {
  const { of, isServed, ageSeconds, similarity, wrong, maxErrorRate, choice } = stored;
  const what = `stored answer of ${safeText(of)}, ${ageSeconds} s old`;
  if (similarity === null || wrong === null) return `${what}: the same request`;
  const chance = `similarity ${similarity.toFixed(3)}, ${(100 * wrong).toFixed(1)} % wrong`;
  const why = {
    serve: 'within the error bound',
    explore: 'checked by a fresh answer',
    miss: `beyond the error bound of ${100 * (maxErrorRate ?? 0)} %`,
    outbid: 'a model is worth more',
  }[choice ?? 'miss'];
  return `${what}: ${chance}; ${isServed ? 'served' : 'not served'}, ${why}`;
}

function objective(given: (Objective & { readonly limits?: Limits }) | null): string[] {
  if (given === null) return [];
  const { usdPerError, usdPerSecond, usdPerKilojoule, limits } = given;
  const prices = `  priced at ${usdPerError} USD per error, ${usdPerSecond} per second, ${usdPerKilojoule} per kJ`;
  const { quantile, ...bounds } = limits ?? { quantile: 0 };
  const set = Object.entries(bounds).filter(([, bound]) => bound !== null);
  if (set.length === 0) return [prices];
  const told = set.map(([name, bound]) => `${name} ${bound}`).join(' · ');
  return [prices, `  limits, of ${Math.round(100 * quantile)} % of cases: ${told}`];
}

/** What was read, and not by a rule: for the injection, or for the tools. */
function otherSignals(view: DecisionView, paint: Paint): string[] {
  const shown = new Set<number>();
  const walk = (nodes: DecisionView['rules']['routes']): void => {
    for (const { slot, surerSlot, value, children } of nodes) {
      if (value === undefined) continue;
      if (slot !== undefined) shown.add(slot);
      if (surerSlot !== undefined) shown.add(surerSlot);
      walk(children);
    }
  };
  walk([...view.rules.constraints, ...view.rules.routes]);
  const others = view.signals.filter(
    (signal, slot) => signal.state !== 'not-needed' && !shown.has(slot),
  );
  if (others.length === 0) return [];
  const columns: Column[] = [
    { title: 'signal' },
    { title: 'value' },
    { title: 'cost' },
    { title: 'took', align: 'right' },
  ];
  const rows = others.map((signal) => [
    safeText(signal.key),
    readingText(signal),
    signal.cost,
    signal.isAssumed === true ? '' : timeText(signal.spentMicroseconds ?? 0),
  ]);
  return [
    paint.strong('Read for the bids, and for what the route injects'),
    ...renderTable(columns, rows),
  ];
}

const PROMPT_CHARACTERS = 400;
/** Of a list of instances in front of what is told them. */
const NAMES_WIDTH = 60;

function injection(view: DecisionView, width: number | null, paint: Paint): string[] {
  const { injection: injected } = view;
  if (injected === undefined) return [];
  const { systemPrompt, reasoning, maxOutputTokens, set } = injected;
  const lines = [paint.strong('Injected')];
  const add = (line: string): void => void lines.push(width === null ? line : fit(line, width));
  if (systemPrompt !== null) {
    const text = fit(safeText(systemPrompt.text.replaceAll('\n', ' ')), PROMPT_CHARACTERS);
    add(`  system prompt (${systemPrompt.mode}): ${text}`);
  }
  if (maxOutputTokens !== null) add(`  at most ${maxOutputTokens} output tokens`);
  if (injected.outputLimit !== undefined) add(`  ${outputLimit(injected.outputLimit)}`);
  if (reasoning !== null) add(`  reasoning ${reasoning}, as each model is told it`);
  for (const [pointer, json] of Object.entries(set)) {
    add(`  ${safeText(pointer)}: ${safeText(json)}`);
  }
  return [...lines, ...perBid(view, injected, width)];
}

function outputLimit({ quantile, margin }: NonNullable<InjectionView['outputLimit']>): string {
  return `output limit: what ${Math.round(100 * quantile)} % of answers need, times ${margin}`;
}

/** What differs by bidder: how its family is told the reasoning, and the limit of its answer. */
function perBid(
  { bids }: DecisionView,
  { reasoning, outputLimit: limit }: InjectionView,
  width: number | null,
): string[] {
  if (reasoning === null && limit === undefined) return [];
  const byTold = new Map<string, string[]>();
  for (const bid of bids) {
    const told = [
      ...(reasoning === null ? [] : [bid.reasoning ?? 'reasoning left alone']),
      ...(limit === undefined ? [] : [tokensText(bid.limitTokens ?? null)]),
    ].join(', ');
    byTold.set(told, [...(byTold.get(told) ?? []), safeText(bid.instance)]);
  }
  return [...byTold].map(([told, instances]) => {
    const line = `    ${fitList(instances, NAMES_WIDTH)}: ${safeText(told)}`;
    return width === null ? line : fit(line, width);
  });
}

const tokensText = (limit: number | null): string =>
  limit === null ? 'no output limit' : `at most ${limit} output tokens`;

function tools({ tools: told }: DecisionView, paint: Paint): string[] {
  if (told === undefined) return [];
  const { rules, cut, cutCount } = told;
  const lines = [paint.strong('Tools'), ...rules.map((rule) => `  ${safeText(rule)}`)];
  for (const { name, because } of cut) lines.push(`  cut ${safeText(name)}: ${safeText(because)}`);
  if (cutCount > cut.length) lines.push(`  … and ${cutCount - cut.length} more cut`);
  return lines;
}

/** Instances that were barred for one reason stand in one line. */
function excluded(view: DecisionView, width: number | null, paint: Paint): string[] {
  if (view.excluded.length === 0) return [];
  const byReason = new Map<string, string[]>();
  for (const { instance, cause, detail } of view.excluded) {
    const reason = `${cause}${detail === '' ? '' : `: ${detail}`}`;
    byReason.set(reason, [...(byReason.get(reason) ?? []), safeText(instance)]);
  }
  const lines = [...byReason].map(([reason, instances]) => {
    const start = `  ${safeText(reason)}  `;
    const room = width === null ? Number.POSITIVE_INFINITY : Math.max(20, width - start.length);
    return `${start}${fitList(instances, room)}`;
  });
  return [paint.strong('Not allowed to win'), ...lines];
}

/** What the owner that served gets, and who was silent when it was asked for a quote. */
function paid({ payment, bidMisses = [] }: NonNullable<DecisionView['outcome']>): string[] {
  const lines = bidMisses.map(
    ({ instance, cause }) => `  no quote of ${safeText(instance)}: ${cause}`,
  );
  if (payment === undefined) return lines;
  const usd = (picoUsd: number): string => micro(picoUsd / 1e12);
  const { owner, tariff, clearedBy, picoUsd, clearingPicoUsd, believedPicoUsd } = payment;
  const { timePicoUsd, latenessPicoUsd, energyPicoUsd } = payment;
  lines.push(
    `  paid to ${safeText(owner)}: ${usd(picoUsd)} µUSD (${tariff}) = ${clearedBy} ${usd(clearingPicoUsd)} − time ${usd(timePicoUsd)} − lateness ${usd(latenessPicoUsd)} − energy ${usd(energyPicoUsd)} − believed ${usd(believedPicoUsd)}`,
  );
  return lines;
}

function outcome({ outcome: settled }: DecisionView, paint: Paint): string[] {
  if (settled === null) return [];
  const { usage } = settled;
  const ttft = settled.ttftMs === null ? '' : ` · first token ${settled.ttftMs.toFixed(0)} ms`;
  const lines = [
    paint.strong('Outcome'),
    `  ${settled.status} (${settled.httpStatus}) by ${safeText(settled.instance ?? 'nobody')}${ttft} · total ${settled.totalMs.toFixed(0)} ms`,
    `  ${usage.promptTokens} tokens in (${usage.cachedTokens} cached), ${usage.outputTokens} out${usage.isEstimated ? ', estimated' : ''} · ${micro(settled.costPicoUsd / 1e12)} µUSD · ${(settled.energyMicrojoules / 1e6).toFixed(1)} J (${settled.energySource})`,
  ];
  lines.push(...paid(settled));
  if (settled.attempts.length > 1) {
    for (const attempt of settled.attempts) {
      lines.push(`  tried ${safeText(attempt.instance)}: ${attempt.result}`);
    }
  }
  return lines;
}
