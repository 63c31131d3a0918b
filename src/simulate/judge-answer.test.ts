import { describe, expect, test } from 'vitest';
import { DEMO_FLEET } from './demo-fleet.ts';
import { judgeAnswer } from './judge-answer.ts';

const judge = DEMO_FLEET.find(({ id }) => id === 'large')!;

const prometheus = (question: string, ...answers: readonly string[]): string =>
  `###Task Description:\n… "[RESULT] (1 to 5)"\n\n###Instruction:\n<<m1\n${question}\nm1>>\n\n${answers
    .map((answer) => `###Response:\n<<m1\n${answer}\nm1>>`)
    .join('\n\n')}\n\n###Score Rubrics:\n[right?]\n\n###Feedback: `;
const general = (question: string, ...answers: readonly string[]): string =>
  `The question:\n<<m1\n${question}\nm1>>\n\n${answers
    .map((answer, i) => {
      const title = answers.length === 1 ? 'The answer' : `Answer ${'AB'[i]}`;
      return `${title}:\n<<m1\n${answer}\nm1>>`;
    })
    .join('\n\n')}`;
const by = (model: string): string => `[simulated ${model}] This text comes from a simulator.`;

describe('a simulated judge', () => {
  test('answers in the form that it is asked in', () => {
    expect(judgeAnswer(judge, prometheus('Why?', by('qwen2.5-7b')))).toMatch(
      /^Feedback: \[simulated .*\[RESULT\] [15]$/,
    );
    expect(JSON.parse(judgeAnswer(judge, general('Why?', by('qwen2.5-7b')))!)).toMatchObject({
      score: expect.toBeOneOf([1, 5]) as unknown,
    });
    expect(judgeAnswer(judge, prometheus('Why?', 'a', 'b'))).toMatch(/\[RESULT\] [AB]$/);
    expect(JSON.parse(judgeAnswer(judge, general('Why?', 'a', 'b'))!)).toHaveProperty('better');
  });

  test.each(['', 'What is a judge?', '###Score Rubrics: none [RESULT]', 'The question:\n<<m'])(
    'takes %j for no question to a judge',
    (prompt) => expect(judgeAnswer(judge, prompt)).toBeNull(),
  );

  test('favours the better model, the more so the abler it is', () => {
    const score = (model: string): number => {
      let right = 0;
      for (let i = 0; i < 400; i++) {
        const verdict = judgeAnswer(judge, prometheus(`Question ${i}: why is that?`, by(model)))!;
        if (verdict.endsWith('5')) right++;
      }
      return right / 400;
    };
    const [tiny, large] = [score('qwen2.5-1.5b'), score('qwen2.5-72b')];
    expect(large - tiny).toBeGreaterThan(0.25);
  });
});
