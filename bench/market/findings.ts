import type { Study, StudyCell } from '../../src/simulate/study.ts';
import { intervalOf } from '../../src/simulate/report/interval.ts';
import type { Interval } from '../../src/simulate/report/interval.ts';
import type { Measures } from '../../src/simulate/report/measures.ts';

interface Entry {
  readonly fleet: string;
  readonly study: Study;
}

/** No router that could be run. */
const REFERENCES = new Set(['oracle']);
const OWN = new Set(['bourse', 'bourse+queue', 'bourse:eco+queue']);

/** The tables, and what the targets come to, each beside its bound. Ratios are of paired seeds. */
export function renderFindings(entries: readonly Entry[]): string {
  const { seeds, requests } = entries[0]!.study;
  const lines = [
    '# The market in simulation',
    '',
    `${requests} requests a run (the first tenth is not counted), ${seeds} seeds; ± is the 95 % confidence interval over the seeds. Everything is simulated: traces are real, engines and their power are models.`,
    `This table: \`node bench/market/run.ts --requests ${requests} --seeds ${seeds} --loads ${loadsOf(
      entries[0]!.study,
    )
      .map((load) => Math.round(load * 100))
      .join(',')}\`. What to keep in mind:`,
    '',
    '- Every router has telemetry as old as the fleet file says (a second). `llm-d` reads nothing else, and is polled far more often in service: a gain over it is in part that of fresh counts.',
    '- `oracle` is greedy: it serves each request as is best for that one. It is a reference and no bound, so a small gap to it is a weak claim.',
    '- `lodestar` is a stand-in: the predictor of the paper is not public. It learns for minutes, and runs are short.',
    '- A target counts as met by its mean. Where the interval holds the bound, it is neither met nor missed.',
    '- Engines serve first come, first served, for every router. `+queue` is `use.queue` at its defaults: requests wait at the exchange, and the shortest prompt goes first. Targets are those of `bourse+queue`; the figure without the queue stands beside.',
    '- No baseline orders requests or holds them back: a gain of `+queue` is that of a queue as well as of a market. The longest prompts pay for it: compare the p99.',
    '- On equal cards a token costs the same joules wherever it is computed, and no card sleeps: there a router can save what caches hold and the idle time of a shorter run, and nothing else.',
    '- A gap to the score of the oracle that is negative says that the exchange does better than it, which a greedy oracle allows.',
  ];
  for (const { fleet, study } of entries) {
    for (const load of loadsOf(study)) lines.push('', ...table(fleet, study, load));
  }
  lines.push('', '## Targets', '', '| target | where | measured | met |', '|---|---|---|---|');
  for (const entry of entries) lines.push(...targetsOf(entry));
  return lines.join('\n');
}

const loadsOf = ({ cells }: Study): number[] => [...new Set(cells.map(({ load }) => load))];

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function table(fleet: string, study: Study, load: number): string[] {
  const shown = ({ router, measures }: StudyCell): string => {
    const of = (key: keyof Measures, unit: number, digits: number): string => {
      const { mean, halfWidth } = measures[key];
      return `${(mean / unit).toFixed(digits)} ± ${((halfWidth ?? 0) / unit).toFixed(digits)}`;
    };
    return `| ${router} | ${of('ttftMeanMs', 1, 0)} | ${of('ttftP99Ms', 1, 0)} | ${of('perTokenMeanMs', 1, 1)} | ${of('latencyMeanMs', 1000, 2)} | ${of('goodput', 0.01, 1)} | ${of('joules', 1000, 1)} | ${of('fleetJoules', 1000, 0)} | ${of('hitRate', 0.01, 1)} | ${of('scoreUsd', 0.001, 2)} |`;
  };
  return [
    `## ${study.trace}, ${fleet}, ${percent(load)} of ${study.capacityPerSecond.toFixed(2)} requests a second`,
    '',
    '| router | TTFT ms | TTFT p99 | per token ms | latency s | goodput % | kJ of iterations | kJ of the fleet | hits % | score, mUSD |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...study.cells.filter((cell) => cell.load === load).map(shown),
  ];
}

function targetsOf({ fleet, study }: Entry): string[] {
  const lines: string[] = [];
  for (const load of loadsOf(study)) {
    const where = `${study.trace}, ${fleet}, ${percent(load)}`;
    const cells = new Map(
      study.cells.filter((cell) => cell.load === load).map((cell) => [cell.router, cell]),
    );
    const bourse = cells.get('bourse+queue')!;
    const atOnce = cells.get('bourse')!;
    const rivals = [...cells.values()].filter(
      ({ router }) => !OWN.has(router) && !REFERENCES.has(router),
    );
    const add = (target: string, measured: string, isMet: boolean): void => {
      lines.push(`| ${target} | ${where} | ${measured} | ${isMet ? 'yes' : '**no**'} |`);
    };
    const gain = (rival: StudyCell, own = bourse): Interval =>
      intervalOf(rival.runs.map((run, i) => run.ttftMeanMs / own.runs[i]!.ttftMeanMs));
    const shown = ({ mean, halfWidth }: Interval): string =>
      `${mean.toFixed(2)} ± ${(halfWidth ?? 0).toFixed(2)}×`;
    if (load === 0.8) {
      const best = least(rivals, ({ measures }) => measures.ttftMeanMs.mean);
      const toBest = gain(best);
      const target = 'mean TTFT ≥ 1.2× lower than the best baseline';
      add(
        target,
        `${shown(toBest)} (${best.router}); without the queue ${shown(gain(best, atOnce))}`,
        toBest.mean >= 1.2,
      );
      for (const name of fleet === 'heterogeneous' ? ['llm-d', 'dynamo'] : []) {
        const over = gain(cells.get(name)!);
        const plain = shown(gain(cells.get(name)!, atOnce));
        add(
          `mean TTFT ≥ 1.5× lower than ${name}`,
          `${shown(over)}; without the queue ${plain}`,
          over.mean >= 1.5,
        );
      }
    }
    if (load === 0.95) {
      const best = least(rivals, ({ measures }) => -measures.goodput.mean);
      const [own, other] = [bourse.measures.goodput.mean, best.measures.goodput.mean];
      const plain = (atOnce.measures.goodput.mean * 100).toFixed(1);
      const measured = `${(own * 100).toFixed(1)} against ${(other * 100).toFixed(1)} % (${best.router}); without the queue ${plain} %`;
      add('goodput not below any baseline', measured, own >= other);
    }
    lines.push(...ecoTarget(where, cells), ...oracleTarget(where, cells));
  }
  return lines;
}

/** Joules of the whole fleet: an idle server draws power too. The attainment is equal where it is not lower. */
function ecoTarget(where: string, cells: ReadonlyMap<string, StudyCell>): string[] {
  const eco = cells.get('bourse:eco+queue')!;
  const turn = cells.get('round-robin')!;
  const saved = (key: 'joules' | 'fleetJoules'): number =>
    1 - eco.measures[key].mean / turn.measures[key].mean;
  const [own, other] = [eco.measures.goodput.mean, turn.measures.goodput.mean];
  const isMet = saved('fleetJoules') >= 0.25 && own >= other;
  return [
    `| eco: ≥ 25 % fewer joules than round-robin, goodput no lower | ${where} | fleet ${(saved('fleetJoules') * 100).toFixed(1)} %, iterations ${(saved('joules') * 100).toFixed(1)} %; goodput ${(own * 100).toFixed(1)} against ${(other * 100).toFixed(1)} % | ${isMet ? 'yes' : '**no**'} |`,
  ];
}

function oracleTarget(where: string, cells: ReadonlyMap<string, StudyCell>): string[] {
  const scoreOf = (name: string): number => cells.get(name)!.measures.scoreUsd.mean;
  const own = scoreOf('bourse+queue') - scoreOf('oracle');
  const turn = scoreOf('round-robin') - scoreOf('oracle');
  const share = own / turn;
  return [
    `| gap to the oracle's score ≤ ¼ of round-robin's | ${where} | ${share.toFixed(2)} | ${share <= 0.25 ? 'yes' : '**no**'} |`,
  ];
}

function least(cells: readonly StudyCell[], value: (cell: StudyCell) => number): StudyCell {
  return cells.reduce((best, cell) => (value(cell) < value(best) ? cell : best));
}
