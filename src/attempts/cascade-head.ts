import { headerText, usdText } from './answer-headers.ts';
import type { StepRun } from './step-run.ts';

const UNKNOWN = 'unknown';

/**
 * The head of a cascade's answer: that of the step which gave it, with the models that were asked and
 * what the others were charged. An unstreamed answer's charge is that of all.
 */
export function cascadeHead(
  run: StepRun,
  asked: readonly StepRun[],
  asidePicoUsd: number,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { ...run.headers };
  const models = asked.map(({ bids, isDecided, hasEnded, believed }) => {
    const name = headerText(bids.step.model);
    return isDecided && hasEnded ? `${name}=${believed.toFixed(2)}` : name;
  });
  headers['x-bourse-cascade'] = models.join(', ');
  headers['x-bourse-aside-usd'] = asideIsKnown(run, asked) ? usdText(asidePicoUsd) : UNKNOWN;
  const charged = headers['x-bourse-charged-usd'];
  if (charged !== undefined && charged !== UNKNOWN) {
    headers['x-bourse-charged-usd'] = asideIsKnown(run, asked)
      ? usdText(asidePicoUsd + (run.result?.costPicoUsd ?? 0))
      : UNKNOWN;
  }
  return headers;
}

const asideIsKnown = (run: StepRun, asked: readonly StepRun[]): boolean =>
  asked.every((each) => each === run || each.bids.bids[0]!.instance.model.price !== null);
