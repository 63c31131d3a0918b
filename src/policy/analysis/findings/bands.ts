import { weighingsOfBand } from '../../compile/scores.ts';
import type { Score } from '../../compile/scores.ts';
import { all } from '../formula.ts';
import type { Analyst } from '../analyst.ts';

/** Bands that the terms of their score never come to together. */
export async function findUnreachedBands(analyst: Analyst): Promise<void> {
  const scores = analyst.subject.suspect.compiler.named.compiledOf<Score>('score');
  for (const { name, path, compiled } of scores) {
    for (const band of compiled.bands) {
      const within = weighingsOfBand(name, compiled, band);
      const truths = within.map((condition) => analyst.formulas.isTrue(condition));
      if (!(await analyst.questions.isNever(all(truths)))) continue;
      analyst.add({
        code: 'unreachable-band',
        severity: 'warning',
        path: [...path, 'bands', band.index],
        message: `the score "${name}" never comes to its band "${band.name}": its terms cannot add up to that. Lower where the band begins, or change the weights`,
        related: [{ path: [...path, 'terms'], message: 'what is added up' }],
      });
    }
  }
}
