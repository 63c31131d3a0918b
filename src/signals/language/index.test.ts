import { describe, expect, test } from 'vitest';
import { fakeWorkload } from '../fixtures/fake-workload.ts';
import { languageSignal } from './index.ts';
import { readSlot } from '../fixtures/read-slot.ts';

const condition = languageSignal.compile(['de', 'FR'], []);
const read = async (subject: string) => readSlot(condition.slot, fakeWorkload({ text: subject }));

describe('language', () => {
  test.each([
    ['Can you explain how photosynthesis works in simple words?', 'en'],
    ['Kannst du mir bitte erklären, wie Photosynthese funktioniert?', 'de'],
    ["Peux-tu m'expliquer comment fonctionne la photosynthèse ?", 'fr'],
    ['¿Puedes explicarme cómo funciona la fotosíntesis?', 'es'],
    ['これは日本語の文章です。', 'ja'],
    ['这是一个关于光合作用的问题', 'zh'],
    ['Можешь объяснить, как работает фотосинтез?', 'ru'],
  ])('%s is %s', async (subject, language) => {
    const reading = await read(subject);
    expect(reading.value).toBe(language);
    expect(reading.confidence).toBeGreaterThan(0);
  });

  test.each(['', 'ok', '2 + 2 = ?', '12345', '```js\nfor (const x of y) console.log(x)\n```'])(
    '%j is unknown',
    async (subject) => {
      expect(await read(subject)).toMatchObject({ value: null, confidence: 0 });
    },
  );

  test('looks past code', async () => {
    const subject = `Warum funktioniert dieses Programm nicht?\n\`\`\`\n${'x = 1\n'.repeat(500)}\`\`\``;
    expect((await read(subject)).value).toBe('de');
  });

  test('is read without a promise once loaded, and one of a list is enough', async () => {
    await read('Hallo');
    const reading = readSlot(
      condition.slot,
      fakeWorkload({ text: 'Wie geht es dir heute, mein Freund?' }),
    );
    expect(reading).not.toBeInstanceOf(Promise);
    expect(condition.test(await reading)).toBe(true);
    expect(condition.text).toBe('language: de or fr');
  });

  test('refuses what is no language', () => {
    expect(() => languageSignal.compile('german', [])).toThrow('ISO 639-1');
    expect(() => languageSignal.compile(['en', 'dee'], [])).toThrow(
      expect.objectContaining({ path: [1], suggestion: 'de' }),
    );
  });
});
