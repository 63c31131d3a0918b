import type { BidView, DecisionView, Estimate, RuleNode } from '../contract/index.ts';
import { renderTable, safeText } from './table.ts';
import type { Column } from './table.ts';

const UNKNOWN = 'unknown';

/** A decision as text: what was asked, what was looked at, which rule decided, who offered what, and how it ended. */
export function renderDecision(view: DecisionView): string {
  const sections = [
    heading(view),
    signals(view),
    rules(view),
    injection(view),
    bids(view),
    excluded(view),
    outcome(view),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function heading(view: DecisionView): string[] {
  const { winner, refusal, answer } = view;
  const decided = refusal === null ? (winner ?? 'nobody') : `refused: ${refusal.reason}`;
  const verdict = answer === undefined ? decided : 'the fixed answer of its route';
  const lines = [
    `${safeText(view.id)}  ${safeText(view.requestedModel)} → ${safeText(verdict)}`,
    `  at ${view.at} · ${view.surface} · tenant ${safeText(view.tenant)} · ${view.promptBytes} bytes · ${view.archetype}`,
    `  route ${safeText(view.route ?? 'none')} · mode ${safeText(view.mode ?? 'none')} · policy generation ${view.policyGeneration}`,
  ];
  const objective = known(view.objective);
  if (objective !== '') lines.push(`  objective ${objective}`);
  if (refusal !== null) lines.push(`  ${safeText(refusal.message)}`);
  return lines;
}

/** The members of an object that say something, nested ones in brackets. */
function known(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const parts = Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    if (member === null) return [];
    if (typeof member !== 'object') return [`${safeText(name)} ${safeText(member)}`];
    return [`${safeText(name)} (${known(member)})`];
  });
  return parts.join(' · ');
}

/** Members of a record that a table shows. */
const MEMBERS_SHOWN = 3;

/** Fractions to three places, since probabilities have no more to say; of many probabilities the largest. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toFixed(3));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value);
  const areChances = members.every(([, member]) => typeof member === 'number' && member <= 1);
  if (!areChances || members.length <= MEMBERS_SHOWN) {
    return Object.fromEntries(members.map(([name, member]) => [name, rounded(member)]));
  }
  const largest = members
    .toSorted(([, a], [, b]) => Number(b) - Number(a))
    .slice(0, MEMBERS_SHOWN)
    .map(([name, member]) => [name, rounded(member)]);
  return { ...Object.fromEntries(largest), '…': members.length };
}

function signals(view: DecisionView): string[] {
  if (view.signals.length === 0) return ['Signals: the policy has none'];
  const columns: Column[] = [
    { title: 'signal' },
    { title: 'cost' },
    { title: 'value' },
    { title: 'confidence', align: 'right' },
    { title: 'took', align: 'right' },
    { title: '' },
  ];
  const rows = view.signals.map((signal) => {
    if (signal.state === 'not-needed') {
      return [safeText(signal.key), signal.cost, 'never needed', '', '', ''];
    }
    const value = signal.state === 'known' ? safeText(rounded(signal.value)) : UNKNOWN;
    const took = signal.spentMicroseconds;
    return [
      safeText(signal.key),
      signal.cost,
      value,
      signal.confidence?.toFixed(2) ?? '',
      took === null ? '' : `${took.toFixed(1)} µs`,
      safeText(signal.reason ?? ''),
    ];
  });
  return ['Signals', ...renderTable(columns, rows)];
}

function rules(view: DecisionView): string[] {
  const { constraints, routes } = view.rules;
  const lines = ['Rules'];
  const add = (title: string, nodes: readonly RuleNode[]): void => {
    if (nodes.length === 0) return;
    lines.push(`  ${title}`);
    for (const node of nodes) addNode(node, 4);
  };
  const addNode = (node: RuleNode, depth: number): void => {
    lines.push(`${' '.repeat(depth)}${mark(node).padEnd(8)} ${safeText(node.text)}`);
    for (const child of node.children) addNode(child, depth + 2);
  };
  add('constraints (all that match apply)', constraints);
  add('routes (the first that matches decides)', routes);
  return lines.length === 1 ? [] : lines;
}

function mark(node: RuleNode): string {
  if (node.value === undefined) return '-';
  if (node.value === null) return node.isDoubtful ? 'doubtful' : UNKNOWN;
  return node.value ? 'yes' : 'no';
}

function injection(view: DecisionView): string[] {
  const { injection: injected } = view;
  if (injected === undefined) return [];
  const { systemPrompt, reasoning, maxOutputTokens, set } = injected;
  const lines = ['Injected'];
  if (systemPrompt !== null) {
    lines.push(`  system prompt (${systemPrompt.mode}): ${safeText(systemPrompt.text)}`);
  }
  if (maxOutputTokens !== null) lines.push(`  at most ${maxOutputTokens} output tokens`);
  for (const [pointer, json] of Object.entries(set)) {
    lines.push(`  ${safeText(pointer)}: ${safeText(json)}`);
  }
  if (reasoning !== null) {
    lines.push(`  reasoning ${reasoning}`);
    for (const bid of view.bids) {
      lines.push(`    ${safeText(bid.instance)}: ${safeText(bid.reasoning ?? 'left alone')}`);
    }
  }
  return lines;
}

const TERM_COLUMNS: readonly Column[] = [
  { title: '#', align: 'right' },
  { title: 'instance' },
  { title: 'model' },
  { title: 'score', align: 'right' },
  { title: 'lost by', align: 'right' },
  { title: '= cost', align: 'right' },
  { title: '+ time', align: 'right' },
  { title: '+ error', align: 'right' },
  { title: '+ energy', align: 'right' },
  { title: '+ lateness', align: 'right' },
  { title: '+ switching', align: 'right' },
];

const QUANTITY_COLUMNS: readonly Column[] = [
  { title: '#', align: 'right' },
  { title: 'instance' },
  { title: 'cost µUSD', align: 'right' },
  { title: 'TTFT ms', align: 'right' },
  { title: 'total ms', align: 'right' },
  { title: 'accuracy', align: 'right' },
  { title: 'energy J', align: 'right' },
  { title: 'load price', align: 'right' },
  { title: 'tokens in (cached) → out', align: 'right' },
];

function bids(view: DecisionView): string[] {
  if (view.bids.length === 0) return view.refusal === null ? [] : ['Bids: none'];
  const lines = [
    'Bids, best first: scores and their terms in µUSD (lower is better)',
    ...renderTable(
      TERM_COLUMNS,
      view.bids.map((bid, i) => terms(bid, i, view.winner)),
    ),
    '',
    'What was offered (mean ± deviation)',
    ...renderTable(QUANTITY_COLUMNS, view.bids.map(quantities)),
  ];
  if (view.clearingScoreUsd !== null) {
    lines.push(`  clearing score ${micro(view.clearingScoreUsd)} µUSD`);
  }
  if (view.propensity !== null && view.propensity < 1) {
    lines.push(`  chosen with probability ${view.propensity.toFixed(3)} (exploration)`);
  }
  return lines;
}

function terms(bid: BidView, index: number, winner: string | null): string[] {
  const { cost, time, error, energy, lateness, switching } = bid.terms;
  return [
    String(index + 1),
    safeText(bid.instance),
    safeText(bid.model),
    micro(bid.score),
    bid.instance === winner ? 'won' : micro(bid.lostByUsd),
    ...[cost, time, error, energy, lateness, switching].map(micro),
  ];
}

function quantities(bid: BidView, index: number): string[] {
  const cached = bid.cachedTokens > 0 ? ` (${Math.round(bid.cachedTokens)})` : '';
  return [
    String(index + 1),
    safeText(bid.instance),
    spread(bid.costUsd, 1e6, 2),
    spread(bid.ttftMs, 1, 0),
    spread(bid.latencyMs, 1, 0),
    spread(bid.accuracy, 1, 2),
    spread(bid.energyJoules, 1, 1),
    bid.loadPrice.toFixed(2),
    `${Math.round(bid.promptTokens)}${cached} → ${spread(bid.outputTokens, 1, 0)}`,
  ];
}

function excluded(view: DecisionView): string[] {
  if (view.excluded.length === 0) return [];
  const columns = [{ title: 'instance' }, { title: 'because' }, { title: '' }];
  const rows = view.excluded.map(({ instance, cause, detail }) => [
    safeText(instance),
    cause,
    safeText(detail),
  ]);
  return ['Not allowed to win', ...renderTable(columns, rows)];
}

function outcome({ outcome }: DecisionView): string[] {
  if (outcome === null) return [];
  const { usage } = outcome;
  const ttft = outcome.ttftMs === null ? '' : ` · first token ${outcome.ttftMs.toFixed(0)} ms`;
  const lines = [
    'Outcome',
    `  ${outcome.status} (${outcome.httpStatus}) by ${safeText(outcome.instance ?? 'nobody')}${ttft} · total ${outcome.totalMs.toFixed(0)} ms`,
    `  ${usage.promptTokens} tokens in (${usage.cachedTokens} cached), ${usage.outputTokens} out${usage.isEstimated ? ', estimated' : ''} · ${micro(outcome.costPicoUsd / 1e12)} µUSD · ${(outcome.energyMicrojoules / 1e6).toFixed(1)} J (${outcome.energySource})`,
  ];
  if (outcome.attempts.length > 1) {
    for (const attempt of outcome.attempts) {
      lines.push(`  tried ${safeText(attempt.instance)}: ${attempt.result}`);
    }
  }
  return lines;
}

function micro(usd: number): string {
  return (usd * 1e6).toFixed(2);
}

function spread(estimate: Estimate | null, scale: number, digits: number): string {
  if (estimate === null) return UNKNOWN;
  const mean = (estimate.mean * scale).toFixed(digits);
  if (estimate.deviation === 0) return mean;
  return `${mean} ± ${(estimate.deviation * scale).toFixed(digits)}`;
}
