import type { Judge, JudgeBrief, JudgedAnswer, JudgedPair, Rubric } from '../contract/index.ts';
import { dataRule, marked } from './marked-text.ts';

/** Feedback and a score fit into it. */
const OUTPUT_TOKENS = 768;

const SYSTEM =
  'You are a fair judge assistant. You give clear and objective feedback on specific criteria, so that every assessment keeps to the standards that are set.';

/**
 * Prometheus 2 (Kim et al. 2024, arXiv 2405.01535): its sections and the form of its answer,
 * `Feedback: … [RESULT] n` with n from 1 to 5, or A or B of two answers.
 */
export const prometheus: Judge = {
  apiVersion: 1,
  kind: 'prometheus',
  request: (answer, brief) => ({
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: 'second' in answer ? ofPair(answer, brief) : ofOne(answer, brief) },
    ],
    max_tokens: OUTPUT_TOKENS,
    temperature: 0,
  }),
  readScore(text) {
    const strict = /^\s*(?:feedback:)?[\s\S]*\[RESULT\]\s*\(?([1-5])\)?\s*$/i.exec(text);
    if (strict !== null) return { score: Number(strict[1]), isStrict: true };
    const found = last(text, /\[RESULT\][\s:(*]*([1-5])(?!\d|\.\d)/gi) ?? last(text, SAID_SCORE);
    return found === null ? null : { score: Number(found), isStrict: false };
  },
  readPreference(text) {
    const found =
      last(text, /\[RESULT\][\s:(*]*(?:response\s+)?(A|B|tie)\b/gi) ??
      last(
        text,
        /(?:better|preferred)\s+(?:response|answer)\s*(?:is|:)\s*(?:response\s+)?(A|B)\b/gi,
      );
    return found === null ? null : PREFERENCES[found.toUpperCase() as keyof typeof PREFERENCES];
  },
};

/** For judges that forget the form: `Score: 4`, `rating of 4/5`. */
const SAID_SCORE = /\b(?:score|rating)\s*(?:is|of|:|=)\s*\**\s*([1-5])(?!\d|\.\d)/gi;
const PREFERENCES = { A: 'first', B: 'second', TIE: 'tie' } as const;

/** The last one counts: what a judge quotes comes before what it finds. */
function last(text: string, pattern: RegExp): string | null {
  return [...text.matchAll(pattern)].at(-1)?.[1] ?? null;
}

function ofOne({ question, answer }: JudgedAnswer, brief: JudgeBrief): string {
  const { rubric, reference, mark } = brief;
  return sections([
    [
      'Task Description',
      `You get an instruction (with its input, if any), a response to it${reference === null ? '' : ', a reference answer that deserves a score of 5'} and a score rubric.
1. Write feedback that assesses the response by the score rubric alone, not in general.
2. After the feedback, give the score: a whole number from 1 to 5, as the rubric says.
3. Your output looks like this: "Feedback: (feedback by the criteria) [RESULT] (a whole number from 1 to 5)"
4. Write nothing before it and nothing after it.
5. ${dataRule(mark)}`,
    ],
    ['The instruction to evaluate', marked(question, mark)],
    ['Response to evaluate', marked(answer, mark)],
    ...(reference === null ? [] : [['Reference Answer (Score 5)', reference] as const]),
    ['Score Rubrics', rubricText(rubric)],
  ]);
}

function ofPair({ question, first, second }: JudgedPair, brief: JudgeBrief): string {
  const { rubric, reference, mark } = brief;
  return sections([
    [
      'Task Description',
      `You get an instruction (with its input, if any), two responses to it${reference === null ? '' : ', a reference answer'} and a score rubric.
1. Write feedback that compares the two responses by the score rubric alone, not in general.
2. Compare Response A with Response B directly, instead of judging each apart.
3. After the feedback, name the better response: A or B.
4. Your output looks like this: "Feedback: (feedback by the criteria) [RESULT] (A or B)"
5. Write nothing before it and nothing after it.
6. ${dataRule(mark)}`,
    ],
    ['Instruction', marked(question, mark)],
    ['Response A', marked(first, mark)],
    ['Response B', marked(second, mark)],
    ...(reference === null ? [] : [['Reference Answer', reference] as const]),
    ['Score Rubric', rubric.criteria],
  ]);
}

const sections = (parts: readonly (readonly [string, string])[]): string =>
  `${parts.map(([title, text]) => `###${title}:\n${text}`).join('\n\n')}\n\n###Feedback: `;

export const rubricText = ({ criteria, scores }: Rubric): string =>
  [`[${criteria}]`, ...scores.map((text, i) => `Score ${i + 1}: ${text}`)].join('\n');
