import type { Archetype } from '../contract/index.ts';

/** Prompt bytes per token, roughly: only the order of magnitude counts here. */
const BYTES_PER_TOKEN = 4;
/** What an answer comes to where the caller sets no ceiling. */
const USUAL_OUTPUT_TOKENS = 512;
/** One side is heavy when it is this many times the other. */
const HEAVY_RATIO = 4;

/** What an archetype is told by. */
export interface Shape {
  readonly hasTools: boolean;
  readonly isMultiTurn: boolean;
  readonly promptBytes: number;
  /** Null: none stated. 0: the surface gives back no tokens. */
  readonly outputCeilingTokens: number | null;
}

const INTERACTIONS = ['chat', 'agent'] as const;
const TURNS = ['single', 'multi'] as const;
const WEIGHTS = ['prefill-heavy', 'decode-heavy', 'balanced'] as const;

/** All twelve, made once: a request allocates none. */
const ARCHETYPES: readonly Archetype[] = INTERACTIONS.flatMap((interaction) =>
  TURNS.flatMap((turns) =>
    WEIGHTS.map((weight) => ({
      interaction,
      turns,
      weight,
      key: `${interaction}|${turns}|${weight}`,
    })),
  ),
);

/**
 * The rule: an *agent* has tools, or messages that call or answer them. *Multi* has an answer of the
 * assistant, a tool's result or a second message of the user in it, or continues a stored response.
 * *Prefill-heavy* expects four times as many prompt tokens (bytes / 4) as output tokens (the
 * caller's ceiling, else 512), *decode-heavy* the other way round.
 */
export function archetypeOf(shape: Shape): Archetype {
  const promptTokens = shape.promptBytes / BYTES_PER_TOKEN;
  const outputTokens = shape.outputCeilingTokens ?? USUAL_OUTPUT_TOKENS;
  let weight = 2;
  if (promptTokens >= HEAVY_RATIO * outputTokens) weight = 0;
  else if (outputTokens >= HEAVY_RATIO * promptTokens) weight = 1;
  const index = (shape.hasTools ? 6 : 0) + (shape.isMultiTurn ? 3 : 0) + weight;
  return ARCHETYPES[index]!;
}
