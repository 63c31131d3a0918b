/**
 * Judges: what answers are worth. Enters: a share of served requests with their answers, and signs that
 * an answer was bad. Leaves: events with a score, by the decision's id.
 *
 * Never: delays a request, keeps a text once it was judged, lets a model grade its own family, or does
 * I/O: judges are asked through a port that serves them as any request is served.
 */
export { AnswerWatch } from './answer-watch.ts';
export { JudgeDesk } from './judge-desk.ts';
export type { JudgeCall, JudgeReply } from './judge-desk.ts';
