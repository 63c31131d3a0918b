import type {
  Archetype,
  Caller,
  Ingress,
  MessageView,
  RequestBody,
  RequestPreferences,
  ToolView,
  TurnSpan,
  Surface,
  Workload,
} from '../contract/index.ts';
import type { DecisionId, SessionId } from '../kernel/index.ts';
import { SMALLEST_BYTES_PER_TOKEN } from '../text/index.ts';
import { archetypeOf } from './archetype.ts';
import type { Census } from './census.ts';
import { countElements, readConversation, readLastUserText } from './conversation.ts';
import { findLastTurn } from './last-turn.ts';
import { headerOf } from './parameters.ts';
import { readTools } from './tools.ts';

/** What a vision model makes of one picture, about; its bytes do not tell. */
const IMAGE_TOKENS = 1600;
/** What chat templates add: once, per message, and once when there are tools. */
const TEMPLATE_TOKENS = 64;
const MESSAGE_TOKENS = 8;
const TOOLS_TOKENS = 512;

/** What was read of a body before anything was asked of it. */
export interface Parameters {
  readonly requestedModel: string;
  readonly isStream: boolean;
  readonly wantsStreamUsage: boolean;
  readonly user: string | null;
  readonly session: SessionId | null;
  readonly outputCeilingTokens: number | null;
  readonly choices: number;
  readonly preferences: RequestPreferences;
}

/** A workload over the client's bytes. What decodes text does so when first asked. */
export class BodyWorkload implements Workload {
  readonly id: DecisionId;
  readonly surface: Surface;
  readonly caller: Caller;
  readonly body: RequestBody;
  readonly receivedAtMs: number;
  readonly startedMs: number;
  readonly requestedModel: string;
  readonly isStream: boolean;
  readonly wantsStreamUsage: boolean;
  readonly user: string | null;
  readonly session: SessionId | null;
  readonly outputCeilingTokens: number | null;
  readonly choices: number;
  readonly preferences: RequestPreferences;
  readonly promptBytes: number;
  readonly promptTokensBound: number;
  readonly #ingress: Ingress;
  readonly #census: Census;
  #messages: readonly MessageView[] | null = null;
  #lastUserText: string | null = null;
  #toolCount = -1;
  #tools: readonly ToolView[] | null = null;
  #archetype: Archetype | null = null;

  constructor(ingress: Ingress, body: RequestBody, census: Census, parameters: Parameters) {
    this.id = ingress.id;
    this.surface = ingress.surface;
    this.caller = ingress.caller;
    this.body = body;
    this.receivedAtMs = ingress.receivedAtMs;
    this.startedMs = ingress.startedMs;
    this.requestedModel = parameters.requestedModel;
    this.isStream = parameters.isStream;
    this.wantsStreamUsage = parameters.wantsStreamUsage;
    this.user = parameters.user;
    this.session = parameters.session;
    this.outputCeilingTokens = parameters.outputCeilingTokens;
    this.choices = parameters.choices;
    this.preferences = parameters.preferences;
    this.#ingress = ingress;
    this.#census = census;
    const toolBytes = bytesOf(body, 'tools') + bytesOf(body, 'functions');
    this.promptBytes = census.textBytes + toolBytes + bytesOf(body, 'instructions');
    this.promptTokensBound = boundTokens(body, census, toolBytes);
    if (toolBytes === 0) this.#toolCount = 0;
  }

  header(name: string): string | undefined {
    return headerOf(this.#ingress, name);
  }

  messages(): readonly MessageView[] {
    return (this.#messages ??= readConversation(this.body, this.surface));
  }

  lastUserText(): string {
    return (this.#lastUserText ??= readLastUserText(this.body, this.surface, this.#census));
  }

  lastTurnSpan(): TurnSpan | null {
    return findLastTurn(this.body, this.surface, this.#census);
  }

  toolCount(): number {
    if (this.#toolCount < 0) {
      this.#toolCount = countElements(this.body, 'tools') + countElements(this.body, 'functions');
    }
    return this.#toolCount;
  }

  isInToolLoop(): boolean {
    return this.#census.isInToolLoop;
  }

  modality(): { readonly image: boolean; readonly audio: boolean } {
    return { image: this.#census.images > 0, audio: this.#census.hasAudio };
  }

  tools(): readonly ToolView[] {
    return (this.#tools ??= readTools(this.body));
  }

  archetype(): Archetype {
    return (this.#archetype ??= this.#readArchetype());
  }

  #readArchetype(): Archetype {
    const { hasToolCalls, toolMessages, assistantMessages, userMessages } = this.#census;
    const isConversation = this.surface === 'chat' || this.surface === 'responses';
    return archetypeOf({
      hasTools: hasToolCalls || toolMessages > 0 || this.toolCount() > 0,
      isMultiTurn:
        isConversation &&
        (assistantMessages + toolMessages > 0 ||
          userMessages > 1 ||
          this.body.fields.has('previous_response_id')),
      promptBytes: this.promptBytes,
      outputCeilingTokens: this.surface === 'embeddings' ? 0 : this.outputCeilingTokens,
    });
  }
}

/** The JSON bytes of a member; 0 where there is none. */
function bytesOf(body: RequestBody, key: string): number {
  const span = body.fields.get(key);
  return span === undefined ? 0 : span.end - span.start;
}

/**
 * Every byte of the body counts, since engines render members that are not known here; pictures and
 * sound count by the piece. Tools count twice: templates print them again with line breaks and
 * indentation, at most one more token per byte of punctuation.
 */
function boundTokens(body: RequestBody, census: Census, toolBytes: number): number {
  const bytes = body.close + 1 - body.open - census.mediaBytes + toolBytes;
  const media = census.images * IMAGE_TOKENS + census.audioTokens;
  const template =
    TEMPLATE_TOKENS + census.messages * MESSAGE_TOKENS + (toolBytes > 0 ? TOOLS_TOKENS : 0);
  return Math.ceil(bytes / SMALLEST_BYTES_PER_TOKEN) + media + template;
}
