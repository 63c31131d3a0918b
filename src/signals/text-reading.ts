import { isPromise } from '../kernel/index.ts';
import type { MaybeAsync } from '../kernel/index.ts';
import type { TextReading, TextSpan, Understanding } from '../contract/index.ts';
import { requestTextsOf } from './understanding/index.ts';

/** A find that is less likely than this is none; those that much else is taken for have to be surer. */
const PERSONAL_CONFIDENCE = 0.5;
const SURER_CONFIDENCE = 0.75;
const SURER: ReadonlySet<string> = new Set(['PERSON', 'STREET_ADDRESS']);
/** Types that tell nobody apart by themselves. */
const HARMLESS: ReadonlySet<string> = new Set(
  'GPE LOCATION ORGANIZATION TITLE NRP DATE_TIME AGE DOMAIN_NAME URL'.split(' '),
);

/** What the cache reads texts with: the models of the signals, and the vector that they share. */
export function createTextReading(understanding: Understanding): TextReading {
  const texts = requestTextsOf(understanding);
  const { own } = understanding;
  const tag = (text: string): MaybeAsync<readonly TextSpan[]> => {
    if (own.pii !== null) return own.pii.tag(text);
    const scans = understanding.scans();
    return scans !== null && text.length >= scans.charactersMin
      ? scans.tag(text)
      : understanding.fast().pii.tag(text);
  };
  const isAny = (spans: readonly TextSpan[]): boolean =>
    spans.some(({ type, confidence }) => {
      if (HARMLESS.has(type)) return false;
      return confidence >= (SURER.has(type) ? SURER_CONFIDENCE : PERSONAL_CONFIDENCE);
    });
  return {
    vectorOf: (_workload, signals) => signals.share(texts.gist).embedding(),
    embedOne: (text) => understanding.fast().encoder.embedOne(text),
    sumOne: (text) => {
      const { encoder } = understanding.fast();
      return encoder.sumOne === undefined ? encoder.embedOne(text) : encoder.sumOne(text);
    },
    isPersonal: (text) => {
      const spans = tag(text);
      return isPromise(spans) ? spans.then(isAny) : isAny(spans);
    },
  };
}
