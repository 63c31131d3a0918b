import { expect, test } from 'vitest';
import { problemsOf } from '../fixtures/policy.ts';
import { checkEngines } from './engines.ts';
import { Findings } from '../document/place.ts';
import type { Engine } from '../../contract/index.ts';

const ENGINES = [
  { kind: 'cloud', defaultUrl: 'https://api.test', options: [{ name: 'region', kind: 'text' }] },
  {
    kind: 'box',
    options: [
      { name: 'slots', kind: 'number' },
      { name: 'warm', kind: 'boolean' },
    ],
  },
  { kind: 'plain' },
  { kind: 'teller', publishesKvEvents: true },
] as unknown as readonly Engine[];

function found(...instances: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  const findings = new Findings(new Map());
  checkEngines({ instances }, ENGINES, findings);
  return findings.problems.map(({ path, message }) => `${path}: ${message}`);
}

test('an address is asked for where the engine has none', () => {
  expect(found({ engine: 'cloud' }, { engine: 'box', url: 'http://x' })).toEqual([]);
  expect(found({ engine: 'box' })[0]).toContain('instances[0].url: is missing');
});

test('options are the engine’s own, and of their kind', () => {
  const box = { engine: 'box', url: 'http://x' };
  expect(found({ ...box, options: { slots: 4, warm: true } })).toEqual([]);
  expect(found({ ...box, options: { slots: '4', warm: 'yes' } })).toEqual([
    'instances[0].options.slots: must be a number',
    'instances[0].options.warm: must be true or false',
  ]);
  expect(found({ ...box, options: { slot: 4 } })[0]).toContain('there are slots, warm');
  expect(found({ engine: 'plain', url: 'http://x', options: { a: 1 } })[0]).toContain(
    'it has none',
  );
});

test('one key, or several', () => {
  const policy = (keys: string): string => `version: 1
models: [{ id: m }]
instances: [{ id: i, model: m, engine: openai, ${keys} }]
routes: [{ name: r, use: { models: "*" } }]
`;
  expect(problemsOf(policy('apiKeys: [a, b]'))).toEqual([]);
  expect(problemsOf(policy('apiKeys: [a]'))[0]).toContain('apiKeys');
  expect(problemsOf(policy('apiKey: a, apiKeys: [a, b]'))[0]).toContain('cannot stand beside');
});

test('events of a KV memory are for engines that publish them', () => {
  const kvEvents = { endpoint: 'tcp://10.0.0.5:5557' };
  expect(found({ engine: 'teller', url: 'http://x', kvEvents })).toEqual([]);
  expect(found({ engine: 'plain', url: 'http://x', kvEvents })).toEqual([
    'instances[0].kvEvents: is not for the engine plain: teller publishes events of its memory',
  ]);
});

test('an endpoint of events is an address of TCP', () => {
  const policy = (endpoint: string): string => `version: 1
models: [{ id: m }]
instances: [{ id: i, model: m, engine: vllm, url: "http://x", kvEvents: { endpoint: "${endpoint}" } }]
`;
  const wrong = 'must be an address such as "tcp://10.0.0.5:5557"';
  for (const endpoint of ['http://10.0.0.5:5557', 'tcp://h', 'tcp://user@h:1', 'tcp://*:5557']) {
    expect(problemsOf(policy(endpoint)).join(), endpoint).toContain(wrong);
  }
  for (const endpoint of ['tcp://gpu-1.lan:5557', 'tcp://[::1]:5557']) {
    expect(problemsOf(policy(endpoint)).join(), endpoint).not.toContain(wrong);
  }
});
