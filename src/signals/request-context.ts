import type { Clock } from '../kernel/index.ts';
import type {
  ContextReader,
  ContextSpace,
  FastText,
  RequestContext,
  SharedWork,
  Topic,
  TrainedRouter,
  Understanding,
  VectorProjection,
  Workload,
} from '../contract/index.ts';
import { logitOf } from '../estimate/index.ts';
import { requestTextsOf } from './understanding/index.ts';

/** A domain is told by so many signs, drawn by its name: any two domains differ in about half of them. */
const SIGNS = 7;
const PROJECTED = 14;
/** The level, the projection of the sentence vector, the domain, how hard it is, whether an agent asks. */
const SIZE = 1 + PROJECTED + SIGNS + 2;

/**
 * Chosen on half of the MMLU-Pro table (`bench/learning/README.md`): along one direction of the projection, models
 * differ by some .17 in log-odds; between domains by .5; along the difficulty by .5.
 */
const PROJECTED_VARIANCE = 0.03;
const SIGN_VARIANCE = 0.06;
const DIFFICULTY_VARIANCE = 0.3;
const AGENT_VARIANCE = 0.1;

export const SHIPPED_SPACE: ContextSpace = {
  name: 's1',
  size: SIZE,
  variances: [
    0,
    ...Array.from({ length: PROJECTED }, () => PROJECTED_VARIANCE),
    ...Array.from({ length: SIGNS }, () => SIGN_VARIANCE),
    DIFFICULTY_VARIANCE,
    AGENT_VARIANCE,
  ],
};

/** The difficulty is in log-odds, over this. */
const DIFFICULTY_SCALE = 1.5;
const DIFFICULTY_MAX = 2;

/** Reads contexts in the space of the trained router where there is one, else in the shipped one. */
export function createContextReader(
  understanding: Understanding,
  router: TrainedRouter | null,
  clock: Clock,
): ContextReader {
  const { gist } = requestTextsOf(understanding);
  const codes = new Map<string, Float32Array>();
  let projection: VectorProjection | null | undefined;
  let isAsked = false;
  const warm = (): void => {
    projection = projectionOf(understanding);
  };
  const own = (text: FastText, topic: Topic, workload: Workload): Float32Array => {
    const values = new Float32Array(SIZE);
    values[0] = 1;
    projection!.write(text.embedding(), values, 1);
    if (topic.domain !== null) values.set(codeOf(topic.domain, codes), 1 + PROJECTED);
    values[SIZE - 2] = difficultyOf(topic);
    values[SIZE - 1] = workload.archetype().interaction === 'agent' ? 1 : 0;
    return values;
  };
  return {
    space: router?.space ?? SHIPPED_SPACE,
    read(workload: Workload, shared: SharedWork, topic: Topic): RequestContext | null {
      // No request waits for a model file: the first that asks has it loaded for those after it.
      if (!isAsked && router === null) clock.after(0, warm);
      isAsked = true;
      if (router === null && (projection === undefined || projection === null)) return null;
      const text = shared.share(gist);
      if (text.tokenCount === 0) return null;
      const startedMs = clock.monotonicMs();
      const values =
        router === null ? own(text, topic, workload) : router.read(text.text, text.embedding());
      return {
        space: router?.space ?? SHIPPED_SPACE,
        values,
        forecast: (model) => (router === null ? null : router.forecast(model, values)),
        spentMicroseconds: (clock.monotonicMs() - startedMs) * 1000,
      };
    },
  };
}

/** Null where the models lack it: then nothing is learned from neighbours. */
function projectionOf(understanding: Understanding): VectorProjection | null {
  try {
    const { projection } = understanding.fast();
    return projection !== undefined && projection.size === PROJECTED ? projection : null;
  } catch {
    return null;
  }
}

function difficultyOf({ chance, band }: Topic): number {
  if (chance === undefined || chance === null || band === null) return 0;
  const scaled = logitOf(chance) / DIFFICULTY_SCALE;
  return Math.max(-DIFFICULTY_MAX, Math.min(DIFFICULTY_MAX, scaled));
}

const CODES_MAX = 256;

function codeOf(domain: string, codes: Map<string, Float32Array>): Float32Array {
  let code = codes.get(domain);
  if (code !== undefined) return code;
  // FNV-1a, whose upper bits are mixed best.
  let hash = 0x811c9dc5;
  for (let i = 0; i < domain.length; i++) {
    hash = Math.imul(hash ^ domain.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  code = Float32Array.from({ length: SIGNS }, (_, i) => ((hash >>> (31 - i)) & 1 ? 1 : -1));
  if (codes.size < CODES_MAX) codes.set(domain, code);
  return code;
}
