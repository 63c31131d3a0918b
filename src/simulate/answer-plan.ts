import { answerIsRight } from './accuracy.ts';
import type { SimulatedSpec } from './engine-spec.ts';
import { hashText, mixHash, normalOf } from './hash.ts';
import { sampleOfSchema } from './schema-sample.ts';
import { drawThinkingTokens, easedDifficulty } from './thinking.ts';
import type { Thinking } from './thinking.ts';
import { BYTES_PER_TOKEN } from './token-ids.ts';

/** A tool that the answer must call. */
export interface ToolChoice {
  readonly name: string;
  /** JSON Schema of its arguments. */
  readonly parameters: unknown;
}

export interface AnswerRequest {
  readonly promptHash: number;
  readonly domain: string;
  readonly difficulty: number;
  /** Which of several answers to the same prompt. */
  readonly choice: number;
  /** The most tokens allowed; at least 1. */
  readonly ceilingTokens: number;
  /** Goes on to the ceiling whatever the length would have been. */
  readonly ignoresEnd: boolean;
  readonly tool: ToolChoice | null;
  /** Null: plain text. Otherwise the schema that the JSON answer must fit (`{}`: any object). */
  readonly jsonSchema: unknown;
  /** Absent: none. */
  readonly thinking?: Thinking;
  /** The beginning of the answer, which has been written before: only the rest is planned, without thinking. */
  readonly said?: string;
}

/** All that an answer will be, before its first token: the engine only decides when each piece comes. */
export interface AnswerPlan {
  /** One per token: those of thinking, then those of the answer. The first piece of a tool call is the tool's name, whole. */
  readonly pieces: readonly string[];
  /** How many of the first pieces are thinking. */
  readonly thinkingTokens: number;
  readonly toolName: string | null;
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  readonly isRight: boolean;
}

const FILLER =
  'This text comes from a simulator and not from a language model. It has the length, the pace ' +
  'and the price that an answer of this model could have, and no meaning. Whether the answer ' +
  'counts as right stands in the field bourse_sim of the response. ';
/** How every plain answer begins. */
export const ANSWER_MARK = '[simulated ';
const THINKING_OPENING = '[simulated thinking] ';
const THINKING_FILLER = 'This stands for thinking, and has its length and its price alone. ';
const OUTPUT_TOKENS_MAX = 8192;

export function planAnswer(spec: SimulatedSpec, request: AnswerRequest): AnswerPlan {
  const { promptHash, domain, ceilingTokens } = request;
  const thought = drawThought(spec, request);
  const thinkingTokens = Math.min(thought.tokens, ceilingTokens);
  const ownHash = mixHash(promptHash, request.choice);
  // Who is cut off while thinking has said nothing.
  const isSilent = thought.tokens > 0 && thought.tokens >= ceilingTokens;
  const isRight = !isSilent && answerIsRight(spec, ownHash, domain, thought.difficulty);
  const whole = [...thinkingPieces(thinkingTokens), ...restOfAnswer(spec, request)];
  const isCut = whole.length > ceilingTokens;
  return {
    pieces: isCut ? whole.slice(0, ceilingTokens) : whole,
    thinkingTokens,
    toolName: isSilent ? null : (request.tool?.name ?? null),
    finishReason: isCut ? 'length' : request.tool === null ? 'stop' : 'tool_calls',
    isRight,
  };
}

/** What the model thinks before it answers, and how hard the question is for it after that. */
function drawThought(
  spec: SimulatedSpec,
  request: AnswerRequest,
): { readonly tokens: number; readonly difficulty: number } {
  const { difficulty, thinking } = request;
  const own = spec.answers?.thinking;
  if (own === undefined || thinking === undefined || request.said !== undefined)
    return { tokens: 0, difficulty };
  const tokens = drawThinkingTokens(spec.model, thinking, request);
  return { tokens, difficulty: easedDifficulty(own.gain, difficulty, tokens) };
}

/** The text is ASCII: each piece has four characters. */
function thinkingPieces(tokens: number): string[] {
  const text = THINKING_OPENING.padEnd(tokens * BYTES_PER_TOKEN, THINKING_FILLER);
  return Array.from({ length: tokens }, (_, i) =>
    text.slice(i * BYTES_PER_TOKEN, (i + 1) * BYTES_PER_TOKEN),
  );
}

/** What follows of a text that another model began has at least its length. */
function restOfAnswer(spec: SimulatedSpec, request: AnswerRequest): readonly string[] {
  const { said = '' } = request;
  const pieces = wholeAnswer(spec, request);
  return said === '' ? pieces : piecesOf(pieces.join('').slice(said.length) || '.');
}

function wholeAnswer(spec: SimulatedSpec, request: AnswerRequest): readonly string[] {
  if (request.tool !== null) {
    const { name, parameters } = request.tool;
    const value = parameters === undefined ? {} : sampleOfSchema(parameters);
    return [name, ...piecesOf(JSON.stringify(value ?? {}))];
  }
  if (request.jsonSchema !== null) return piecesOf(jsonAnswer(spec, request));
  const tokens = request.ignoresEnd ? request.ceilingTokens : drawOutputTokens(spec, request);
  const length = tokens * BYTES_PER_TOKEN;
  const opening = `${ANSWER_MARK}${spec.model}] `;
  return piecesOf(`${opening.padEnd(length, FILLER).slice(0, length - 1)}.`);
}

/** Log-normal length: `median · e^(σ·z)`, where z is the prompt's own draw for this model. */
export function drawOutputTokens(
  spec: SimulatedSpec,
  request: Pick<AnswerRequest, 'promptHash' | 'choice'>,
): number {
  const { medianOutputTokens, outputSigma } = spec.answers ?? {
    medianOutputTokens: 1,
    outputSigma: 0,
  };
  const hash = mixHash(mixHash(request.promptHash, hashText(spec.model)), request.choice);
  const tokens = Math.round(medianOutputTokens * Math.exp(outputSigma * normalOf(hash, 0x1e4)));
  return Math.min(OUTPUT_TOKENS_MAX, Math.max(1, tokens));
}

function jsonAnswer(spec: SimulatedSpec, request: AnswerRequest): string {
  const sample = sampleOfSchema(request.jsonSchema);
  const isFree = JSON.stringify(request.jsonSchema) === '{}';
  const { domain, difficulty } = request;
  return JSON.stringify(
    isFree ? { simulated: true, model: spec.model, domain, difficulty } : sample,
  );
}

/** Cuts a text into pieces of one token each: four bytes where it is ASCII, never inside a character. */
export function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  let bytes = 0;
  for (const character of text) {
    const size = Buffer.byteLength(character);
    if (bytes + size > BYTES_PER_TOKEN && piece !== '') {
      pieces.push(piece);
      piece = '';
      bytes = 0;
    }
    piece += character;
    bytes += size;
  }
  if (piece !== '') pieces.push(piece);
  return pieces;
}
