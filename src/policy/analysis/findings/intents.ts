import type { SignalDefinition } from '../../../contract/index.ts';
import type { Analyst } from '../analyst.ts';
import { cosine } from '../facts.ts';
import type { AnalysisPorts } from '../ports.ts';

/** Examples that are nearer than this read the same. */
const NEAR = 0.85;

interface Example {
  readonly intent: number;
  readonly place: number;
  readonly text: string;
  readonly vector: Float32Array;
}

/** Examples of one intent that stand nearer to another's than to any of their own. */
export async function findOverlappingIntents(
  analyst: Analyst,
  embed: NonNullable<AnalysisPorts['embed']>,
): Promise<void> {
  const intents = analyst.subject.suspect.definitions.byKind.get('intent') ?? [];
  if (intents.length < 2) return;
  const examples = await embedded(intents, embed);
  const said = new Set<string>();
  for (const one of examples) {
    const nearest = nearestTo(one, examples, (other) => other.intent !== one.intent);
    if (nearest === null || nearest.cosine < NEAR) continue;
    const own = nearestTo(one, examples, (other) => other.intent === one.intent && other !== one);
    if (own !== null && own.cosine >= nearest.cosine) continue;
    const pair = [one.intent, nearest.example.intent].sort((a, b) => a - b).join(' ');
    if (said.has(pair)) continue;
    said.add(pair);
    addOverlap(analyst, intents, [one, nearest.example]);
  }
}

async function embedded(
  intents: readonly SignalDefinition[],
  embed: NonNullable<AnalysisPorts['embed']>,
): Promise<readonly Example[]> {
  const texts = intents.flatMap(({ body }, intent) =>
    [body['examples']].flat().map((text, place) => ({ intent, place, text: String(text) })),
  );
  const vectors = await embed(texts.map(({ text }) => text));
  return texts.map((each, i) => ({ ...each, vector: vectors[i]! }));
}

interface Near {
  readonly example: Example;
  readonly cosine: number;
}

function nearestTo(
  one: Example,
  examples: readonly Example[],
  isCandidate: (other: Example) => boolean,
): Near | null {
  let best: Near | null = null;
  for (const example of examples) {
    if (!isCandidate(example)) continue;
    const near = cosine(one.vector, example.vector);
    if (best === null || near > best.cosine) best = { example, cosine: near };
  }
  return best;
}

function addOverlap(
  analyst: Analyst,
  intents: readonly SignalDefinition[],
  [one, other]: readonly [Example, Example],
): void {
  const [later, earlier] = one.intent > other.intent ? [one, other] : [other, one];
  const nameOf = ({ intent }: Example): string => intents[intent]!.name;
  const pathOf = ({ intent, place }: Example) => ['signals', 'intents', intent, 'examples', place];
  analyst.add({
    code: 'overlapping-intents',
    severity: 'warning',
    path: pathOf(later),
    message: `an example of the intent "${nameOf(later)}" reads like one of "${nameOf(earlier)}": texts like it go to either. Move it to the one that is meant, or tell the two apart by more examples`,
    related: [{ path: pathOf(earlier), message: `the example of "${nameOf(earlier)}"` }],
  });
}
