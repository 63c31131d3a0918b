import { describe, expect, test } from 'vitest';
import { detectLanguage } from './detect.ts';
import type { DetectByNgrams } from './detect.ts';

const never: DetectByNgrams = () => {
  throw new Error('n-grams were asked');
};
const unsure: DetectByNgrams = () => ({
  language: 'nl',
  isReliable: () => false,
});

describe('scripts of one language decide without n-grams', () => {
  test.each([
    ['我想了解 Denver Broncos 和 Carolina Panthers 的比赛结果', 'zh'],
    ['Denver Broncosの試合結果を教えてください', 'ja'],
    ['日语里的「の」字在中文广告里很常见,这句话除了那个引用的字以外没有别的假名', 'zh'],
    ['덴버 브롱코스의 결승전 결과는 어땠나요?', 'ko'],
    ['Ποιος κέρδισε το Super Bowl 50 στη Santa Clara;', 'el'],
    ['ใครชนะการแข่งขัน Super Bowl ครั้งที่ 50', 'th'],
    ['सुपर बाउल 50 में किस टीम ने जीत हासिल की?', 'hi'],
    ['सुपर बाउल ५० कोणी जिंकला आणि ते कुठे होते?', 'mr'],
  ])('%s: %s', (text, language) => {
    expect(detectLanguage(text, never)?.language).toBe(language);
  });
});

test('between Hindi and Marathi, more function words give more confidence', () => {
  const few = detectLanguage('सुपर बाउल में', never)!;
  const many = detectLanguage('सुपर बाउल में किस टीम ने जीत हासिल की है और यह कब हुआ', never)!;
  expect(few.confidence).toBeLessThan(many.confidence);
  expect(detectLanguage('सुपर बाउल डेनवर', never)!.confidence).toBe(0.5);
});

test('a quoted foreign word does not decide', () => {
  const asked: string[] = [];
  const english: DetectByNgrams = (text) => {
    asked.push(text);
    return { language: 'en', isReliable: () => true };
  };
  const text = 'What does the Greek word λόγος mean when Heraclitus writes about it?';
  expect(detectLanguage(text, english)).toMatchObject({ language: 'en' });
  expect(asked).toEqual([text]);
});

test('n-grams are believed more, the longer the text', () => {
  const english: DetectByNgrams = () => ({ language: 'en', isReliable: () => true });
  const confidences = [
    'a word',
    'two or three words',
    'a whole sentence of so many words more',
  ].map((text) => detectLanguage(text, english)!.confidence);
  expect(confidences).toEqual(confidences.toSorted((a, b) => a - b));
  expect(confidences[0]).toBeLessThan(0.8);
  expect(confidences[2]).toBeGreaterThan(0.97);
});

test('what n-grams are unsure of, and what has hardly a letter, is null', () => {
  expect(detectLanguage('some words of whatever', unsure)).toBeNull();
  for (const text of ['', 'ok', '2 + 2 = 4?', '!!!', '\ud800\udc00']) {
    expect(detectLanguage(text, never)).toBeNull();
  }
});
