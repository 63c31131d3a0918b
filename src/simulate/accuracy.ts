import type { AnswerSpec, SimulatedSpec } from './engine-spec.ts';
import { hashText, mixHash, uniformOf } from './hash.ts';

/** How fast P(correct) falls with difficulty: from 0.92 to 0.08 over one unit around the ability. */
const SLOPE = 5;

/** `1 / (1 + e^(−slope·(ability − difficulty)))`: the one-parameter logistic model of item response theory (Rasch 1960). */
export function probabilityRight(answers: AnswerSpec, domain: string, difficulty: number): number {
  const own = Object.hasOwn(answers.abilityByDomain, domain)
    ? answers.abilityByDomain[domain]
    : undefined;
  return 1 / (1 + Math.exp(-SLOPE * ((own ?? answers.ability) - difficulty)));
}

/** Whether this model gets this prompt right: one draw, the same whenever the same is asked. */
export function answerIsRight(
  spec: SimulatedSpec,
  promptHash: number,
  domain: string,
  difficulty: number,
): boolean {
  if (spec.answers === null) return false;
  const hash = mixHash(promptHash, hashText(spec.model));
  return uniformOf(hash, 0xacc) < probabilityRight(spec.answers, domain, difficulty);
}
