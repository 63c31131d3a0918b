import { countScripts } from './scripts.ts';

/** Finds the language of a text among many by its n-grams. */
export type DetectByNgrams = (text: string) => {
  readonly language: string;
  isReliable(): boolean;
};

export interface DetectedLanguage {
  /** ISO 639-1. */
  readonly language: string;
  readonly confidence: number;
}

/** Shorter texts ("ok", "2 + 2") are detected with confidence, and wrongly. */
const LETTERS_MIN = 5;
/**
 * Share of the letters from which on a script decides: a text that quotes foreign names and terms keeps
 * at least this much of its own.
 */
const SCRIPT_SHARE = 0.25;
const CERTAIN = 0.995;
/**
 * N-grams err the less, the more letters there are: the doubt falls to 1/e per so many. The detector's
 * authors measure 67 % right for single words, 85 % for pairs, 99 % for sentences (README of eld 2.1).
 */
const LETTERS_SCALE = 10;
/** Japanese mixes kana into its characters everywhere; a Chinese text has at most a quoted word of it. */
const KANA_SHARE = 0.05;

/**
 * The language of a text, or null where it is not certain. Scripts of one language decide; n-grams
 * decide among the rest, except between Hindi and Marathi, which their function words tell apart.
 */
export function detectLanguage(text: string, detect: DetectByNgrams): DetectedLanguage | null {
  const { latin, greek, devanagari, thai, hangul, kana, han, other } = countScripts(text);
  const letters = latin + greek + devanagari + thai + hangul + kana + han + other;
  if (letters < LETTERS_MIN) return null;
  const certain = (language: string): DetectedLanguage => ({
    language,
    confidence: CERTAIN,
  });
  if (han + kana >= SCRIPT_SHARE * letters) {
    return certain(kana >= KANA_SHARE * (han + kana) ? 'ja' : 'zh');
  }
  if (hangul >= SCRIPT_SHARE * letters) return certain('ko');
  if (greek >= SCRIPT_SHARE * letters) return certain('el');
  if (thai >= SCRIPT_SHARE * letters) return certain('th');
  if (devanagari >= SCRIPT_SHARE * letters) return hindiOrMarathi(text);
  const found = detect(text);
  if (found.language === '' || !found.isReliable()) return null;
  return { language: found.language, confidence: 1 - Math.exp(-letters / LETTERS_SCALE) / 2 };
}

/** Copulas, postpositions and conjunctions that one of the two has and the other has not. */
const HINDI = new Set(
  'है हैं था थी थे के का की को में से और कि ने पर यह वह इस उस क्या कौन कब कहाँ कितने कितनी हुआ हुई किया लिए'.split(
    ' ',
  ),
);
const MARATHI = new Set(
  'आहे आहेत होता होती होते आणि मध्ये काय कोण केव्हा कधी कुठे किती हा ही हे तो ती ते त्या या झाला झाली केले साठी नाही'.split(
    ' ',
  ),
);

function hindiOrMarathi(text: string): DetectedLanguage {
  let hindi = 0;
  let marathi = 0;
  for (const word of text.split(/[\s,;:?!।.()"'-]+/u)) {
    if (HINDI.has(word)) hindi++;
    else if (MARATHI.has(word) || word.includes('ळ')) marathi++;
  }
  const language = marathi > hindi ? 'mr' : 'hi';
  const seen = hindi + marathi;
  // Laplace's rule over the words that were seen for one or the other.
  return { language, confidence: (Math.max(hindi, marathi) + 1) / (seen + 2) };
}
