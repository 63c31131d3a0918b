import type { Judge, JudgeBrief, JudgedAnswer, JudgedPair } from '../contract/index.ts';
import { dataRule, marked } from './marked-text.ts';
import { rubricText } from './prometheus.ts';

const OUTPUT_TOKENS = 512;

const schemaOf = (name: string, verdict: object): object => ({
  type: 'json_schema',
  json_schema: {
    name,
    strict: true,
    schema: {
      type: 'object',
      properties: { reason: { type: 'string', maxLength: 600 }, ...verdict },
      required: ['reason', ...Object.keys(verdict)],
      additionalProperties: false,
    },
  },
});
const SCORE = schemaOf('verdict', { score: { type: 'integer', minimum: 1, maximum: 5 } });
const PREFERENCE = schemaOf('preference', { better: { type: 'string', enum: ['A', 'B', 'tie'] } });

/** Any model that follows instructions, such as Qwen2.5: it says its verdict as a JSON object. */
export const generalJudge: Judge = {
  apiVersion: 1,
  kind: 'general',
  request(answer, brief, isPlain) {
    const isPair = 'second' in answer;
    return {
      messages: [
        { role: 'system', content: task(isPair, brief) },
        { role: 'user', content: isPair ? pairText(answer, brief) : answerText(answer, brief) },
      ],
      max_tokens: OUTPUT_TOKENS,
      temperature: 0,
      ...(!isPlain && { response_format: isPair ? PREFERENCE : SCORE }),
    };
  },
  readScore(text) {
    const found = verdictIn(
      text,
      ({ score }) => typeof score === 'number' && score >= 1 && score <= 5,
    );
    return found === null
      ? null
      : { score: found.value['score'] as number, isStrict: found.isStrict };
  },
  readPreference(text) {
    const found = verdictIn(text, ({ better }) => PREFERENCES.has(better as string));
    return found === null ? null : PREFERENCES.get(found.value['better'] as string)!;
  },
};

const PREFERENCES = new Map([
  ['A', 'first'],
  ['B', 'second'],
  ['tie', 'tie'],
] as const) as ReadonlyMap<string, 'first' | 'second' | 'tie'>;

function task(isPair: boolean, { rubric, mark }: JudgeBrief): string {
  return isPair
    ? `You compare two answers, A and B, to one question by this criterion: ${rubric.criteria}
Length and style count only as far as the criterion says. Reply with one JSON object and nothing else: {"reason": "one or two sentences", "better": "A", "B" or "tie"}.
${dataRule(mark)}`
    : `You grade an answer to a question by this rubric:
${rubricText(rubric)}
Reply with one JSON object and nothing else: {"reason": "one or two sentences", "score": a whole number from 1 to 5}.
${dataRule(mark)}`;
}

const referenceText = ({ reference }: JudgeBrief): string =>
  reference === null ? '' : `\n\nAn answer that deserves a 5:\n${reference}`;

const answerText = ({ question, answer }: JudgedAnswer, brief: JudgeBrief): string =>
  `The question:\n${marked(question, brief.mark)}\n\nThe answer:\n${marked(answer, brief.mark)}${referenceText(brief)}`;

const pairText = ({ question, first, second }: JudgedPair, brief: JudgeBrief): string =>
  `The question:\n${marked(question, brief.mark)}\n\nAnswer A:\n${marked(first, brief.mark)}\n\nAnswer B:\n${marked(second, brief.mark)}${referenceText(brief)}`;

type Json = Readonly<Record<string, unknown>>;

/** Stretches of the text that are tried, from its end on. */
const STRETCHES_MAX = 64;

/** The whole text as one object, or else the last object in it that is a verdict. */
function verdictIn(
  text: string,
  isVerdict: (value: Json) => boolean,
): { readonly value: Json; readonly isStrict: boolean } | null {
  const whole = objectIn(text);
  if (whole !== null) return isVerdict(whole) ? { value: whole, isStrict: true } : null;
  let tries = 0;
  for (let end = before(text, '}', text.length); end >= 0; end = before(text, '}', end)) {
    for (let start = before(text, '{', end); start >= 0; start = before(text, '{', start)) {
      if (tries++ === STRETCHES_MAX) return null;
      const value = objectIn(text.slice(start, end + 1));
      if (value === null) continue;
      if (isVerdict(value)) return { value, isStrict: false };
      break;
    }
  }
  return null;
}

const before = (text: string, sign: string, at: number): number =>
  at === 0 ? -1 : text.lastIndexOf(sign, at - 1);

function objectIn(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Json)
      : null;
  } catch {
    return null;
  }
}
