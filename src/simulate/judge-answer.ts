import { answerIsRight, probabilityRight } from './accuracy.ts';
import { ANSWER_MARK } from './answer-plan.ts';
import { DEMO_FLEET } from './demo-fleet.ts';
import type { AnswerSpec, SimulatedSpec } from './engine-spec.ts';
import { hashText, mixHash, uniformOf } from './hash.ts';
import { readPromptFeatures } from './prompt-features.ts';
import { conversationIds, hashIds } from './token-ids.ts';

/** What a prompt asks a simulated model to judge. */
interface Judgement {
  readonly form: 'prometheus' | 'json';
  readonly question: string;
  /** One answer, or two to compare. */
  readonly answers: readonly string[];
}

/** Texts between the marks of a judge's prompt: the question, and one or two answers. */
const MARKED = /<<([0-9a-z]+)\n([\s\S]*?)\n\1>>/g;

/**
 * What a simulated model says where it is asked to grade an answer; null where it is not. It knows whether
 * a simulated answer counts as right, and says so as often as it would have been right itself; of any
 * other text it knows nothing.
 */
export function judgeAnswer(spec: SimulatedSpec, prompt: string): string | null {
  const judgement = readJudgement(prompt);
  if (judgement === null || spec.answers === null) return null;
  const { form, question, answers } = judgement;
  const found = answers.map((answer) => isRight(question, answer));
  const verdicts = found.map((right, i) =>
    seesTruth(spec, spec.answers!, `${question}${answers[i]}`) ? right : !right,
  );
  const said = `${ANSWER_MARK}${spec.model}] The verdict comes from a simulator.`;
  if (answers.length === 1) {
    const score = verdicts[0] ? 5 : 1;
    return form === 'prometheus'
      ? `Feedback: ${said} [RESULT] ${score}`
      : JSON.stringify({ reason: said, score });
  }
  const better = verdicts[0] === verdicts[1] ? 'tie' : verdicts[0] ? 'A' : 'B';
  // Prometheus has no ties: it takes the first.
  return form === 'prometheus'
    ? `Feedback: ${said} [RESULT] ${better === 'tie' ? 'A' : better}`
    : JSON.stringify({ reason: said, better });
}

function readJudgement(prompt: string): Judgement | null {
  const isPrometheus = prompt.includes('###Score Rubric') && prompt.includes('[RESULT]');
  const isJson =
    prompt.includes('The question:\n<<') && /\nThe answer:\n<<|\nAnswer A:\n<</.test(prompt);
  if (!isPrometheus && !isJson) return null;
  const texts = [...prompt.matchAll(MARKED)].map(([, , text]) => text!);
  const [question, ...answers] = texts;
  if (question === undefined || answers.length === 0 || answers.length > 2) return null;
  return { form: isPrometheus ? 'prometheus' : 'json', question, answers };
}

/** Whether the answer counts as right, as the model that it names drew it. */
function isRight(question: string, answer: string): boolean {
  const [, model] = /^\[simulated ([^\]]+)\]/.exec(answer) ?? [];
  const spec = DEMO_FLEET.find((one) => one.model === model);
  if (spec === undefined) return false;
  const ids = conversationIds([{ role: 'user', text: question, media: [] }], '');
  const { domain, difficulty } = readPromptFeatures(question);
  return answerIsRight(spec, mixHash(hashIds(ids), 0), domain, difficulty);
}

/** A judge that knows half the answers is right three times in four. */
function seesTruth({ model }: SimulatedSpec, answers: AnswerSpec, text: string): boolean {
  const { domain, difficulty } = readPromptFeatures(text);
  const chance = (1 + probabilityRight(answers, domain, difficulty)) / 2;
  return uniformOf(hashText(text, hashText(model)), 0x10d6e) < chance;
}
