import type { Reading, SharedWork, SignalSlot, Workload } from '../../contract/index.ts';
import { BUILT_IN_SIGNALS } from '../../signals/index.ts';
import type { EvaluationInput, Measured } from '../evaluation.ts';
import { majorityShare } from '../majority.ts';
import { textOf } from '../records.ts';
import { accuracyOf, calibrationError } from '../statistics.ts';

const NOTHING_SHARED: SharedWork = { share: (key) => key.make(workloadOf('')) };

/** `{text, lang}`: by the language signal itself; a text whose language is not certain counts as wrong. */
export async function evaluateLanguage(input: EvaluationInput): Promise<Measured> {
  const { slot } = BUILT_IN_SIGNALS.find(({ kind }) => kind === 'language')!.compile('en', []);
  const items = input.records.map((record) => ({
    text: textOf(record, 'text'),
    language: textOf(record, 'lang', 'label'),
  }));
  await readSlot(slot, 'The first reading loads what it needs.');
  const readings = await input.stopwatch.each(items, ({ text }) => readSlot(slot, text));
  const isRight = readings.map(({ value }, i) => value === items[i]!.language);
  return {
    n: items.length,
    encoder: 'static',
    metrics: {
      accuracy: accuracyOf(isRight),
      ece: calibrationError(
        readings.map(({ confidence }) => confidence),
        isRight,
      ),
    },
    baselines: {
      majority: { accuracy: majorityShare(items.map(({ language }) => language)) },
      script: {
        accuracy: accuracyOf(items.map(({ text, language }) => byScript(text) === language)),
      },
    },
  };
}

function readSlot(slot: SignalSlot, text: string): Reading | Promise<Reading> {
  return slot.read(workloadOf(text), NOTHING_SHARED);
}

/** The language signal reads nothing of a workload but its last user text. */
const workloadOf = (text: string): Workload => ({ lastUserText: () => text }) as Workload;

/** The best guess from the writing alone. */
function byScript(text: string): string {
  if (/\p{Script=Arabic}/u.test(text)) return 'ar';
  if (/\p{Script=Greek}/u.test(text)) return 'el';
  if (/\p{Script=Devanagari}/u.test(text)) return 'hi';
  if (/\p{Script=Thai}/u.test(text)) return 'th';
  if (/\p{Script=Cyrillic}/u.test(text)) return 'ru';
  return /\p{Script=Han}/u.test(text) ? 'zh' : 'en';
}
