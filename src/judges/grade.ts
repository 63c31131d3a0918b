import type { Judge, JudgedAnswer, JudgedPair, JudgementResult } from '../contract/index.ts';
import { answerTextOf } from './answer-text.ts';
import { generalJudge } from './general-judge.ts';
import type { JudgeDesk, Task } from './judge-desk.ts';
import { prometheus } from './prometheus.ts';

export const JUDGES: Readonly<Record<'prometheus' | 'general', Judge>> = {
  prometheus,
  general: generalJudge,
};

/** The text of a judge, or why there is none. */
export type Said =
  | { readonly kind: 'said'; readonly text: string }
  | {
      readonly kind: 'silent';
      readonly result: Extract<JudgementResult, 'failed' | 'refused' | 'unreadable'>;
    };

/** What servers answer to a member that they do not know. */
const BAD_REQUEST = 400;
const MARK_DIGITS = 1e12;
/** Verdicts stand at the end. */
const VERDICT_CHARACTERS = 16_384;

export async function gradeBy(
  task: Task,
  desk: Pick<JudgeDesk, 'port' | 'plain'>,
): Promise<{ readonly result: JudgementResult; readonly score: number | null }> {
  const said = await askJudge(task, { question: task.question, answer: task.answer }, desk);
  if (said.kind === 'silent') return { result: said.result, score: null };
  const reading = JUDGES[task.judge.kind].readScore(said.text);
  if (reading === null) return { result: 'unreadable', score: null };
  return { result: 'graded', score: (reading.score - 1) / 4 };
}

/** Asks once; where the engine takes no schema, once more without, and from then on without. */
export async function askJudge(
  task: Task,
  answer: JudgedAnswer | JudgedPair,
  desk: Pick<JudgeDesk, 'port' | 'plain'>,
): Promise<Said> {
  const { judged, judge, model, timeoutMs } = task;
  const { port, plain } = desk;
  const mark = Math.floor(port.rng.next() * MARK_DIGITS).toString(36);
  const brief = { rubric: judge.rubric, reference: judge.reference, mark };
  const ask = (isPlain: boolean) => {
    const request = JUDGES[judge.kind].request(answer, brief, isPlain);
    const body = Buffer.from(JSON.stringify({ model: model.id, ...request }));
    const mode = `judge:${judge.name}`;
    return port.ask({ judged, model, mode, isSecondAnswer: false, body, timeoutMs });
  };
  let reply = await ask(plain.has(judge.name));
  if (
    reply.kind === 'failed' &&
    reply.httpStatus === BAD_REQUEST &&
    judge.kind === 'general' &&
    !plain.has(judge.name)
  ) {
    reply = await ask(true);
    if (reply.kind === 'answer') plain.add(judge.name);
  }
  if (reply.kind !== 'answer') return { kind: 'silent', result: reply.kind };
  const text = answerTextOf('chat', false, reply.body);
  if (text === null) return { kind: 'silent', result: 'unreadable' };
  return { kind: 'said', text: text.slice(-VERDICT_CHARACTERS) };
}
