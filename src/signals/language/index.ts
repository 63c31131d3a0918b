import { ConfigIssue, LANGUAGES } from '../../contract/index.ts';
import type {
  ChoiceQuantity,
  Reading,
  Signal,
  SignalSlot,
  Workload,
} from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import { choiceText, oneOrMany, textsOf } from '../shape.ts';
import { detectLanguage } from './detect.ts';
import type { DetectByNgrams } from './detect.ts';

/** The beginning of a text tells its language; more costs time and adds nothing. */
const SAMPLE_CHARACTERS = 600;

let detector: DetectByNgrams | null = null;
let loading: Promise<DetectByNgrams> | null = null;

/** The n-gram table takes tens of megabytes: only a policy with a language condition loads it. */
function load(): Promise<DetectByNgrams> {
  loading ??= import('eld/extrasmall').then(({ eld }) => {
    detector = eld.detect;
    return eld.detect;
  });
  return loading;
}

const SLOT: SignalSlot = {
  key: 'language',
  kind: 'language',
  cost: 'text',
  warm: load,
  read: (workload) =>
    detector === null ? load().then((detect) => read(workload, detect)) : read(workload, detector),
};

const QUANTITY: ChoiceQuantity = { kind: 'choice', name: 'language', texts: LANGUAGES };

/** `language: de` or a list of which one is enough: of the last user text. An unsure detection is unknown. */
export const languageSignal: Signal = {
  apiVersion: 1,
  kind: 'language',
  definitionSchema: null,
  conditionSchema: {
    description: 'ISO 639-1 code of the language of the last user text; of a list, one is enough.',
    ...oneOrMany({ type: 'string', enum: LANGUAGES }),
  },
  valueSlot: () => SLOT,
  compile(condition) {
    const wanted = textsOf(condition).map((label) => label.toLowerCase());
    for (const [i, label] of wanted.entries()) {
      if (LANGUAGES.includes(label)) continue;
      throw new ConfigIssue(
        'must be an ISO 639-1 code of a known language, such as en',
        Array.isArray(condition) ? [i] : [],
        nearest(label, LANGUAGES),
      );
    }
    return {
      slot: SLOT,
      test: (reading) => wanted.includes(reading.value as string),
      text: choiceText('language', wanted),
      claim: { kind: 'among', of: QUANTITY, texts: wanted },
    };
  },
};

function read(workload: Workload, detect: DetectByNgrams): Reading {
  const found = detectLanguage(sampleOf(workload.lastUserText()), detect);
  if (found === null) return { value: null, confidence: 0, reason: 'no language is certain' };
  return { value: found.language, confidence: found.confidence };
}

/** The first characters outside fenced code: programs look Danish to an n-gram table. */
function sampleOf(text: string): string {
  if (!text.includes('```')) return text.slice(0, SAMPLE_CHARACTERS);
  return text
    .slice(0, 16 * SAMPLE_CHARACTERS)
    .split('```')
    .filter((_, i) => i % 2 === 0)
    .join(' ')
    .slice(0, SAMPLE_CHARACTERS);
}
