import { BodyEdits } from '../wire/index.ts';
import type { DecisionId } from '../kernel/index.ts';
import type { Bid, Instance, JudgementResult } from '../contract/index.ts';
import { answerTextOf } from './answer-text.ts';
import { askJudge, JUDGES } from './grade.ts';
import type { JudgeDesk, Task } from './judge-desk.ts';
import { mayGrade } from './model-family.ts';

/** Which of two answers is better. */
export interface Comparison {
  readonly judge: string;
  /** The request by which the second answer came. */
  readonly rival: DecisionId;
  readonly result: JudgementResult;
  /** What it says of each answer, 0–1; null: nothing. */
  readonly scores: { readonly own: number; readonly rival: number } | null;
}

const UNKNOWN_ACCURACY = 0.5;

/**
 * Puts the request to the best bidder with another model, and both answers to the first judge of the
 * panel that may grade both: once in each order, since judges favour a place. Where the two
 * orders disagree it is a tie. Null where there is nothing to compare.
 */
export async function compared(
  tasks: readonly Task[],
  served: Instance,
  desk: Pick<JudgeDesk, 'port' | 'plain'>,
): Promise<Comparison | null> {
  const pair = pairOf(tasks, served);
  if (pair === null) return null;
  const { task, rival } = pair;
  const { judged, question, answer, timeoutMs } = task;
  const { model } = rival.instance;
  const mode = `compare:${task.judge.name}`;
  const body = bodyFor(task);
  const reply = await desk.port.ask({ judged, model, mode, isSecondAnswer: true, body, timeoutMs });
  if (reply.kind !== 'answer') return null;
  const other = answerTextOf(judged.workload.surface, false, reply.body);
  if (other === null) return null;
  const verdicts = [];
  for (const [first, second] of [
    [answer, other],
    [other, answer],
  ] as const) {
    const said = await askJudge(task, { question, first, second }, desk);
    const found = said.kind === 'said' ? JUDGES[task.judge.kind].readPreference(said.text) : null;
    if (found === null) {
      const result = said.kind === 'silent' ? said.result : 'unreadable';
      return { judge: task.judge.name, rival: reply.decision, result, scores: null };
    }
    verdicts.push(found);
  }
  const isOwn = verdicts[0] === 'first' && verdicts[1] === 'second';
  const isRival = verdicts[0] === 'second' && verdicts[1] === 'first';
  const scores = isOwn ? OWN_WINS : isRival ? RIVAL_WINS : tie(ownBid(task, served), rival);
  const result = isOwn || isRival ? 'graded' : 'tied';
  return { judge: task.judge.name, rival: reply.decision, result, scores };
}

const OWN_WINS = { own: 1, rival: 0 };
const RIVAL_WINS = { own: 0, rival: 1 };

/**
 * What a tie says: both are right or both are wrong, `p·q / (p·q + (1 − p)(1 − q))` for what is believed
 * of the two. Taken for nothing, or for one half, ties would make good models look bad.
 */
function tie(own: Bid | null, rival: Bid): { readonly own: number; readonly rival: number } {
  const p = own?.accuracy?.mean ?? UNKNOWN_ACCURACY;
  const q = rival.accuracy?.mean ?? UNKNOWN_ACCURACY;
  const both = p * q;
  const none = (1 - p) * (1 - q);
  const score = both + none === 0 ? UNKNOWN_ACCURACY : both / (both + none);
  return { own: score, rival: score };
}

const ownBid = ({ judged }: Task, served: Instance): Bid | null =>
  judged.result.ranked.find(({ instance }) => instance.id === served.id) ?? null;

function pairOf(
  tasks: readonly Task[],
  served: Instance,
): { readonly task: Task; readonly rival: Bid } | null {
  for (const task of tasks) {
    const rival = task.judged.result.ranked.find(
      ({ instance: { model } }) => model.id !== served.model.id && mayGrade(task.model, model),
    );
    if (rival !== undefined) return { task, rival };
  }
  return null;
}

/** The client's request, unstreamed, as it was before anything was spliced in; the stage that asks sets the model. */
function bodyFor({ judged }: Task): Buffer {
  const { workload } = judged;
  const edits = new BodyEdits(workload.body);
  if (workload.isStream) {
    edits.set('stream', Buffer.from('false'));
    edits.set('stream_options', null);
  }
  return edits.build();
}
