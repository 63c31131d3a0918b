import { describe, expect, test } from 'vitest';
import { createCacheRig } from './cache-rig.ts';

const asking = (content: unknown, more: object = {}): object => ({
  messages: [{ role: 'user', content }],
  ...more,
});
const part = (text: string): object => ({ type: 'text', text });
const picture = (name: string): object => ({
  type: 'image_url',
  image_url: { url: `https://pictures.example/${name}` },
});

describe('a last turn of parts', () => {
  test('one text shares the answer with the string, and is matched by meaning', async () => {
    const rig = createCacheRig();
    await rig.say(asking([part('how return a lamp')]), 'send it back');
    expect(await rig.find(asking('how return a lamp'))).toBe('hit send it back');
    expect(await rig.find(asking([part('how return a lamp')]))).toBe('hit send it back');
    expect(await rig.find(asking([part('how return a lamp please')]))).toBe('near send it back');
    expect(await rig.find(asking('how return a lamp please'))).toBe('near send it back');
  });

  test('several texts share it with the same texts only', async () => {
    const rig = createCacheRig();
    await rig.say(asking([part('a lamp'), part('how return it')]), 'send it back');
    expect(await rig.find(asking([part('a lamp'), part('how return it')]))).toBe(
      'hit send it back',
    );
    expect(await rig.find(asking([part('a lamp'), part('how return it please')]))).toBe('miss');
    expect(await rig.find(asking('a lamp\nhow return it'))).toBe('miss');
  });

  test('beside pictures the text is matched by meaning, and the pictures are the same', async () => {
    const rig = createCacheRig();
    await rig.say(asking([part('what lamp is this'), picture('a')]), 'a desk lamp');
    const wording = part('what lamp is this please');
    expect(await rig.find(asking([part('what lamp is this'), picture('a')]))).toBe(
      'hit a desk lamp',
    );
    expect(await rig.find(asking([wording, picture('a')]))).toBe('near a desk lamp');
    expect(await rig.find(asking([wording, picture('b')]))).toBe('miss');
    expect(await rig.find(asking([wording, picture('a'), picture('b')]))).toBe('miss');
    expect(await rig.find(asking([picture('a'), wording]))).toBe('miss');
    expect(await rig.find(asking([wording]))).toBe('miss');
  });

  test('pictures of earlier turns are context too', async () => {
    const rig = createCacheRig();
    const conversation = (name: string, last: string): object => ({
      messages: [
        { role: 'user', content: [part('look'), picture(name)] },
        { role: 'assistant', content: 'I see' },
        { role: 'user', content: last },
      ],
    });
    await rig.say(conversation('a', 'what lamp is this'), 'a desk lamp');
    expect(await rig.find(conversation('a', 'what lamp is this please'))).toBe('near a desk lamp');
    expect(await rig.find(conversation('b', 'what lamp is this please'))).toBe('miss');
  });
});

describe('tools that are offered', () => {
  const tools = (name: string): object => ({
    tools: [{ type: 'function', function: { name, parameters: { type: 'object' } } }],
  });

  test('an answer without a call is stored under them, and matched by meaning', async () => {
    const rig = createCacheRig();
    await rig.say(asking('how return a lamp', tools('look_up')), 'send it back');
    expect(await rig.find(asking('how return a lamp', tools('look_up')))).toBe('hit send it back');
    expect(await rig.find(asking('how return a lamp please', tools('look_up')))).toBe(
      'near send it back',
    );
    expect(await rig.find(asking('how return a lamp', tools('other')))).toBe('miss');
    expect(await rig.find(asking('how return a lamp'))).toBe('miss');
  });

  test('a call is not stored', async () => {
    const rig = createCacheRig();
    await rig.say(asking('how return a lamp', tools('look_up')), { calls: 'look_up' });
    expect(await rig.find(asking('how return a lamp', tools('look_up')))).toBe('miss');
    expect(await rig.find(asking('how return a lamp please', tools('look_up')))).toBe('miss');
    expect(rig.told).toEqual([]);
  });
});
