import { SELF_CHECK_QUESTION } from '../wire/index.ts';
import type { AnswerError } from './answer-error.ts';
import type { AnswerFormat } from './answer-format.ts';
import type { ToolChoice } from './answer-plan.ts';
import type { SimulatedSpec } from './engine-spec.ts';
import type { Generation, PlannedChoice } from './generation.ts';
import type { PromptFeatures } from './prompt-features.ts';
import type { ChatBody, CompletionBody } from './request-body.ts';
import type { PromptMessage } from './token-ids.ts';
import { badRequest } from './answer-error.ts';
import { CHAT_FORMAT, COMPLETION_FORMAT } from './answer-format.ts';
import { answerIsRight } from './accuracy.ts';
import { ANSWER_MARK, piecesOf, planAnswer } from './answer-plan.ts';
import type { AnswerPlan } from './answer-plan.ts';
import { hashText, mixHash } from './hash.ts';
import { judgeAnswer } from './judge-answer.ts';
import { checkProbability, tokenLogprob } from './logprobs.ts';
import { promptBlocks } from './prompt-blocks.ts';
import { readPromptFeatures } from './prompt-features.ts';
import { inputsOf } from './request-body.ts';
import { thinkingOf } from './thinking-request.ts';
import { NO_THINKING } from './thinking.ts';
import type { Thinking } from './thinking.ts';
import { conversationIds, hashIds, textIds } from './token-ids.ts';

interface PromptAsked {
  readonly ids: ArrayLike<number>;
  readonly text: string;
  /** The beginning of the answer, at the end of the prompt; absent where there is none. */
  readonly begun?: { readonly said: string; readonly idsBefore: ArrayLike<number> };
}

/** What one generation request asks for, whatever its surface. */
interface Asked {
  readonly format: AnswerFormat;
  readonly prompts: readonly PromptAsked[];
  readonly ceilingTokens: number | null;
  readonly tool: ToolChoice | null;
  readonly jsonSchema: unknown;
  readonly thinking: Thinking;
  /** The prompt asks whether the answer before is right. */
  readonly checked?: CheckedAnswer;
  /** The text of the answer, where it is settled. */
  readonly said?: string | null;
}

/** The prompt of an answer that is to be judged. */
interface CheckedAnswer {
  readonly ids: ArrayLike<number>;
  readonly text: string;
}

export interface GenerationContext {
  readonly spec: SimulatedSpec;
  readonly nowMs: number;
  newId(): string;
}

export function planChat(body: ChatBody, context: GenerationContext): Generation | AnswerError {
  const tool = chosenTool(body);
  if (tool !== null && 'status' in tool) return tool;
  const messages = body.messages.map(readMessage);
  const problem = continuationProblem(body);
  if (problem !== null) return problem;
  const toolsJson = body.tools && body.tools.length > 0 ? JSON.stringify(body.tools) : '';
  const lastUser = messages.findLast((message) => message.role === 'user') ?? messages.at(-1)!;
  const family = context.spec.answers?.thinking?.family;
  const asked: Asked = {
    format: CHAT_FORMAT,
    prompts: [
      {
        ids: conversationIds(messages, toolsJson),
        text: lastUser.text,
        ...(body.continue_final_message === true && {
          begun: {
            said: messages.at(-1)!.text,
            idsBefore: conversationIds(messages.slice(0, -1), toolsJson),
          },
        }),
      },
    ],
    ceilingTokens: body.max_completion_tokens ?? body.max_tokens ?? null,
    tool,
    jsonSchema: jsonSchemaOf(body),
    thinking: family === undefined ? NO_THINKING : thinkingOf(family, body),
    ...checkedIn(messages, toolsJson),
    said: judgeAnswer(context.spec, lastUser.text),
  };
  return plan(asked, body, context);
}

export function planCompletion(
  body: CompletionBody,
  context: GenerationContext,
): Generation | AnswerError {
  const prompts = inputsOf(body.prompt).map((input) =>
    typeof input === 'string' ? promptOfText(input) : { ids: input, text: '' },
  );
  // 16 is the API's own default for this surface.
  const ceilingTokens = body.max_tokens ?? 16;
  const asked: Asked = {
    format: COMPLETION_FORMAT,
    prompts,
    ceilingTokens,
    tool: null,
    jsonSchema: null,
    thinking: NO_THINKING,
  };
  return plan(asked, body, context);
}

function plan(
  asked: Asked,
  body: ChatBody | CompletionBody,
  context: GenerationContext,
): Generation | AnswerError {
  const { spec } = context;
  const choices: PlannedChoice[] = [];
  for (const { ids, text, begun } of asked.prompts) {
    const room = spec.contextWindowTokens - ids.length;
    const problem = lengthProblem(spec, ids.length, asked.ceilingTokens);
    if (problem !== null) return problem;
    const prompt = promptBlocks(ids, spec.engine.blockSize, hashText(body.cache_salt ?? ''));
    const features = hinted(readPromptFeatures(text), body);
    const promptHash = hashIds(begun?.idsBefore ?? ids);
    const ownHash = (choice: number): number =>
      mixHash(mixHash(promptHash, hashText(spec.model)), choice);
    for (let choice = 0; choice < (body.n ?? 1); choice++) {
      const answer = planAnswer(spec, {
        promptHash,
        choice,
        domain: features.domain,
        difficulty: features.difficulty,
        ceilingTokens: Math.min(room, asked.ceilingTokens ?? room),
        ignoresEnd: body.ignore_eos === true && asked.ceilingTokens !== null,
        tool: asked.tool,
        jsonSchema: asked.jsonSchema,
        thinking: asked.thinking,
        ...(begun !== undefined && { said: begun.said }),
      });
      const judged = asked.checked === undefined ? null : verdictOn(asked.checked, body, spec);
      const own = judged?.plan ?? saidPlan(asked.said, room, asked.ceilingTokens) ?? answer;
      const logprob =
        judged?.logprob ?? ((token: number) => tokenLogprob(ownHash(choice), own.isRight, token));
      const toolCallId = asked.tool === null ? '' : `call_${context.newId()}`;
      choices.push({
        index: choices.length,
        isFirstOfPrompt: choice === 0,
        plan: own,
        toolCallId,
        prompt,
        features,
        ...(typeof (body.logprobs ?? false) === 'number' || body.logprobs === true
          ? { logprob }
          : {}),
      });
    }
  }
  return {
    format: asked.format,
    id: asked.format.idPrefix + context.newId(),
    model: spec.model,
    createdSeconds: Math.floor(context.nowMs / 1000),
    choices,
    isStream: body.stream === true,
    includesUsage: body.stream_options?.include_usage === true,
  };
}

/** An answer whose text is settled; null where it is not. */
function saidPlan(
  text: string | null | undefined,
  room: number,
  ceilingTokens: number | null,
): AnswerPlan | null {
  if (text === null || text === undefined) return null;
  const pieces = piecesOf(text);
  const most = Math.min(room, ceilingTokens ?? room);
  const finishReason = pieces.length > most ? 'length' : 'stop';
  return {
    pieces: pieces.slice(0, most),
    thinkingTokens: 0,
    toolName: null,
    finishReason,
    isRight: true,
  };
}

/** A conversation that ends with the question of a self-check: the prompt of the answer that is meant. */
function checkedIn(
  messages: readonly PromptMessage[],
  toolsJson: string,
): { readonly checked?: CheckedAnswer } {
  const isCheck = messages.at(-1)?.text === SELF_CHECK_QUESTION && messages.length > 2;
  if (!isCheck || messages.at(-2)!.role !== 'assistant') return {};
  const before = messages.slice(0, -2);
  const text = before.findLast(({ role }) => role === 'user')?.text ?? '';
  return { checked: { ids: conversationIds(before, toolsJson), text } };
}

/** What the model says of its own answer to that prompt: one word, and how sure it is. */
function verdictOn(
  { ids, text }: CheckedAnswer,
  body: ChatBody | CompletionBody,
  spec: SimulatedSpec,
): { readonly plan: AnswerPlan; readonly logprob: () => number } {
  const { domain, difficulty } = hinted(readPromptFeatures(text), body);
  const hash = mixHash(hashIds(ids), 0);
  const isRight = answerIsRight(spec, hash, domain, difficulty);
  const yes = checkProbability(mixHash(hash, hashText(spec.model)), isRight);
  const logprob = (): number => Math.log(Math.max(yes, 1 - yes));
  const pieces = [yes >= 0.5 ? 'Yes' : 'No'];
  const plan = {
    pieces,
    thinkingTokens: 0,
    toolName: null,
    finishReason: 'stop',
    isRight,
  } as const;
  return { plan, logprob };
}

/** A prompt that ends in the beginning of a simulated answer is one that this answer was begun to. */
function promptOfText(text: string): PromptAsked {
  const at = text.lastIndexOf(ANSWER_MARK);
  if (at <= 0) return { ids: textIds(text), text };
  const before = text.slice(0, at);
  return {
    ids: textIds(text),
    text: before,
    begun: { said: text.slice(at), idsBefore: textIds(before) },
  };
}

/** As vLLM has it: a last message of the assistant is either answered or gone on with. */
function continuationProblem(body: ChatBody): AnswerError | null {
  if (body.continue_final_message !== true) return null;
  if (body.add_generation_prompt !== false) {
    return badRequest(
      'Cannot set both `continue_final_message` and `add_generation_prompt` to True.',
      'continue_final_message',
    );
  }
  if (body.messages.at(-1)!.role === 'assistant') return null;
  return badRequest(
    'continue_final_message needs a last message of the assistant.',
    'continue_final_message',
  );
}

function lengthProblem(
  spec: SimulatedSpec,
  promptTokens: number,
  ceilingTokens: number | null,
): AnswerError | null {
  if (promptTokens === 0) return badRequest('The prompt is empty.', 'prompt');
  const window = spec.contextWindowTokens;
  if (promptTokens + (ceilingTokens ?? 1) <= window) return null;
  const asked = ceilingTokens === null ? '' : ` and asks for ${ceilingTokens} more`;
  return badRequest(
    `This model's maximum context length is ${window} tokens, but the prompt has ${promptTokens}${asked}.`,
    ceilingTokens === null ? 'messages' : 'max_tokens',
  );
}

function readMessage(message: ChatBody['messages'][number]): PromptMessage {
  let text = '';
  const media: string[] = [];
  if (typeof message.content === 'string') text = message.content;
  for (const part of Array.isArray(message.content) ? message.content : []) {
    if (typeof part['text'] === 'string') text += part['text'];
    else media.push(JSON.stringify(part));
  }
  for (const call of message.tool_calls ?? []) {
    text += (call.function?.name ?? '') + (call.function?.arguments ?? '');
  }
  return { role: message.role, text, media };
}

function chosenTool(body: ChatBody): ToolChoice | AnswerError | null {
  const called = body.bourse_sim?.call;
  if (called !== undefined) return { name: called, parameters: undefined };
  const choice = body.tool_choice;
  if (choice === null || choice === undefined || choice === 'none' || choice === 'auto')
    return null;
  const named = choice === 'required' ? null : choice.function.name;
  const tool = body.tools?.find((entry) => named === null || entry.function.name === named);
  if (tool === undefined) {
    return badRequest('tool_choice names a tool that is not among the tools.', 'tool_choice');
  }
  return { name: tool.function.name, parameters: tool.function.parameters };
}

/** The schema that the answer must fit; `{}` for any JSON object, null for plain text. */
function jsonSchemaOf(body: ChatBody): unknown {
  const format = body.response_format;
  if (!format || format.type === 'text') return null;
  return (format.type === 'json_schema' ? format.json_schema?.schema : null) ?? {};
}

/** The request may say itself how hard it is, and in what domain. */
function hinted(read: PromptFeatures, body: ChatBody | CompletionBody): PromptFeatures {
  return {
    domain: body.bourse_sim?.domain ?? read.domain,
    difficulty: body.bourse_sim?.difficulty ?? read.difficulty,
  };
}
