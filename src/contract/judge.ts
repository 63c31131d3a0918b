import type { ModelId } from '../kernel/index.ts';

/** What is looked for in an answer, and what each of the scores 1 to 5 means. */
export interface Rubric {
  readonly criteria: string;
  readonly scores: readonly [string, string, string, string, string];
}

/** One question and the answer to it, as a judge sees them: cut to what it may read. */
export interface JudgedAnswer {
  readonly question: string;
  readonly answer: string;
}

/** Two answers to one question. */
export interface JudgedPair {
  readonly question: string;
  readonly first: string;
  readonly second: string;
}

/** What a judge is told besides the answer. */
export interface JudgeBrief {
  readonly rubric: Rubric;
  /** An answer that deserves the best score; null: there is none. */
  readonly reference: string | null;
  /** Text that nobody could foresee: it marks where the client's and the model's text begin and end. */
  readonly mark: string;
}

/** The members of a chat request, without its model. */
export type JudgeRequest = Readonly<Record<string, unknown>>;

/** The end of a judge's answer as it was read; `isStrict` where it kept to its form. */
export interface JudgeScore {
  /** 1–5. */
  readonly score: number;
  readonly isStrict: boolean;
}

/** Extension point: how one kind of judge is asked and understood. Pure. The readers give null where there is no verdict. */
export interface Judge {
  readonly apiVersion: 1;
  readonly kind: string;
  /** `isPlain`: the engine takes no schema. */
  request(answer: JudgedAnswer | JudgedPair, brief: JudgeBrief, isPlain: boolean): JudgeRequest;
  readScore(text: string): JudgeScore | null;
  readPreference(text: string): 'first' | 'second' | 'tie' | null;
}

/** A judge of the policy. */
export interface JudgeConfig {
  readonly name: string;
  readonly kind: 'prometheus' | 'general';
  readonly model: ModelId;
  readonly rubric: Rubric;
  readonly reference: string | null;
}

/** What is judged, by whom, and how much of it. */
export interface JudgingConfig {
  readonly judges: readonly JudgeConfig[];
  /** Share of served requests, 0–1; a route's own goes before it. */
  readonly share: number;
  readonly shareByRoute: ReadonlyMap<string, number>;
  /** Judges that grade one answer, at most. */
  readonly panel: number;
  /** Share of the judged requests that are put to a second model, and the two answers compared. */
  readonly pairwiseShare: number;
  /** Answers that wait, per worker; further ones are dropped. */
  readonly queueMax: number;
  /** Answers that are judged at once, per worker. */
  readonly concurrency: number;
  readonly timeoutMs: number;
}

/** What the ledger and budgets call judging in place of a route. */
export const JUDGING_ROUTE = 'judging';

/** How asking a judge ended: `tied` of two answers of which none is better, `refused` by a budget or a constraint. */
export type JudgementResult = 'graded' | 'tied' | 'unreadable' | 'failed' | 'refused';
