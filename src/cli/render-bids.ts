import type { BidView, DecisionView, Estimate } from '../contract/index.ts';
import type { Paint } from './paint.ts';
import { renderTable, safeText } from './table.ts';
import type { Column } from './table.ts';

const UNKNOWN = 'unknown';
/** More bids than this are counted; JSON has them all. */
const BIDS_SHOWN = 12;

interface BidColumn extends Column {
  readonly cell: (bid: BidView, index: number) => string;
  /** Left out where no bid has anything to say in it. */
  readonly isEmpty?: (bid: BidView) => boolean;
  /** Where the terminal is too narrow, the highest goes first; unset: it stays. */
  readonly spare?: number;
}

/** Who offered what, best first: scores with their terms, then the quantities. */
export function renderBids(view: DecisionView, width: number | null, paint: Paint): string[] {
  const { bids, winner, refusal, clearingScoreUsd, propensity } = view;
  if (bids.length === 0) return refusal === null ? [] : [paint.strong('Bids: none')];
  const shown = bids.slice(0, BIDS_SHOWN);
  const hidden = bids.length - shown.length;
  const lines = [
    paint.strong('Bids, best first: scores and their terms in µUSD (lower is better)'),
    ...table(termColumns(winner), shown, width).map((line, i) =>
      shown[i - 1]?.instance === winner ? paint.good(line) : line,
    ),
    '',
    'What was offered (mean ± deviation)',
    ...table(QUANTITY_COLUMNS, shown, width),
  ];
  if (hidden > 0) lines.push(`  … and ${hidden} more: --json shows them`);
  if (view.heldBy !== undefined) lines.push(`  ${HELD[view.heldBy]}`);
  if (clearingScoreUsd !== null) lines.push(`  clearing score ${micro(clearingScoreUsd)} µUSD`);
  if (propensity !== null && propensity < 1) {
    lines.push(`  chosen with probability ${propensity.toFixed(3)} (exploration)`);
  }
  return lines;
}

const HELD = {
  'tool-loop': 'the session is in a tool loop: it stays where it is',
  'provider-state': 'the answer that this request continues is kept there',
} as const;

function table(
  columns: readonly BidColumn[],
  bids: readonly BidView[],
  width: number | null,
): string[] {
  let kept = columns.filter(({ isEmpty }) => isEmpty === undefined || !bids.every(isEmpty));
  for (;;) {
    const lines = renderTable(
      kept,
      bids.map((bid, i) => kept.map(({ cell }) => cell(bid, i))),
    );
    const spare = Math.max(0, ...kept.map((column) => column.spare ?? 0));
    if (width === null || spare === 0 || lines.every((line) => line.length <= width)) return lines;
    kept = kept.filter((column) => column.spare !== spare);
  }
}

const place: BidColumn = { title: '#', align: 'right', cell: (_bid, i) => String(i + 1) };
const instance: BidColumn = { title: 'instance', cell: (bid) => safeText(bid.instance) };

function termColumns(winner: string | null): readonly BidColumn[] {
  return [
    place,
    instance,
    { title: 'model', cell: (bid) => safeText(bid.model), spare: 1 },
    { title: 'score', align: 'right', cell: (bid) => micro(bid.score) },
    {
      title: 'lost by',
      align: 'right',
      cell: (bid) => (bid.instance === winner ? 'won' : micro(bid.lostByUsd)),
    },
    term('= cost', 'cost'),
    term('+ time', 'time'),
    term('+ crowding', 'crowding', 6),
    term('+ error', 'error'),
    term('+ energy', 'energy', 2),
    term('+ lateness', 'lateness', 3),
    term('+ switching', 'switching', 4),
    term('+ pacing', 'pacing', 5),
  ];
}

function term(title: string, key: keyof BidView['terms'], spare?: number): BidColumn {
  return {
    title,
    align: 'right',
    cell: (bid) => micro(bid.terms[key] ?? 0),
    ...(key !== 'cost' && { isEmpty: (bid: BidView) => (bid.terms[key] ?? 0) === 0 }),
    ...(spare !== undefined && { spare }),
  };
}

const QUANTITY_COLUMNS: readonly BidColumn[] = [
  place,
  instance,
  { title: 'cost µUSD', align: 'right', cell: (bid) => spread(bid.costUsd, 1e6, 2) },
  { title: 'TTFT ms', align: 'right', cell: (bid) => spread(bid.ttftMs, 1, 0), spare: 1 },
  { title: 'total ms', align: 'right', cell: (bid) => spread(bid.latencyMs, 1, 0) },
  { title: 'accuracy', align: 'right', cell: (bid) => spread(bid.accuracy, 1, 2) },
  { title: 'energy J', align: 'right', cell: (bid) => spread(bid.energyJoules, 1, 1), spare: 2 },
  {
    title: 'load price',
    align: 'right',
    cell: (bid) => bid.loadPrice.toFixed(2),
    isEmpty: (bid) => bid.loadPrice === 1,
    spare: 4,
  },
  { title: 'tokens in (cached) → out', align: 'right', cell: tokens, spare: 3 },
];

function tokens(bid: BidView): string {
  const cached = bid.cachedTokens > 0 ? ` (${Math.round(bid.cachedTokens)})` : '';
  return `${Math.round(bid.promptTokens)}${cached} → ${spread(bid.outputTokens, 1, 0)}`;
}

export function micro(usd: number): string {
  return (usd * 1e6).toFixed(2);
}

function spread(estimate: Estimate | null, scale: number, digits: number): string {
  if (estimate === null) return UNKNOWN;
  const mean = (estimate.mean * scale).toFixed(digits);
  if (estimate.deviation === 0) return mean;
  return `${mean} ± ${(estimate.deviation * scale).toFixed(digits)}`;
}
