import { describe, expect, test } from 'vitest';
import { builtIns } from '../../src/app-registry.ts';
import { loadPolicy } from '../../src/policy/index.ts';
import { ENGINES } from '../../src/pool/index.ts';

const SECRET = 'sixteen characters at least';
const registry = { signals: builtIns().signals, engines: ENGINES };

function load(instance: string, files: Readonly<Record<string, string>> = {}, more = '') {
  const text = `version: 1
models: [{ id: m }]
instances: [{ id: i, model: m, engine: vllm, url: 'http://127.0.0.1:1', ${instance} }]
${more}`;
  const readFile = (path: string): string => {
    const found = files[path];
    if (found === undefined) throw new Error(path);
    return found;
  };
  const env = { SECRET };
  return loadPolicy({ text, file: '/etc/bourse.yaml', env, readFile, generation: 1, registry });
}

const instanceOf = (loaded: ReturnType<typeof load>) => {
  if (loaded.kind === 'rejected') throw new Error(JSON.stringify(loaded.problems));
  return loaded.policy.config.instances[0]!;
};

describe('an instance of an owner', () => {
  test('has a bidder, and is its own owner where none is named', () => {
    const { owner, bidder } = instanceOf(
      load(`bidUrl: 'http://127.0.0.1:2/bid/v1', bidSecret: '\${SECRET}'`),
    );
    expect(owner).toBe('i');
    expect(bidder).toEqual({ url: 'http://127.0.0.1:2/bid/v1', secret: SECRET });
  });

  test('may have its secret in a file', () => {
    const files = { '/etc/secrets/them': `${SECRET}\n` };
    const loaded = load(`owner: them, bidUrl: 'http://h/bid', bidSecretFile: secrets/them`, files);
    expect(instanceOf(loaded)).toMatchObject({ owner: 'them', bidder: { secret: SECRET } });
  });

  test('may leave its quotes to the house', () => {
    const instance = instanceOf(load('owner: them'));
    expect(instance.owner).toBe('them');
    expect('bidder' in instance).toBe(false);
  });

  test.each([
    [`bidUrl: 'http://h/bid'`, 'needs bidSecret or bidSecretFile'],
    [`bidSecret: '\${SECRET}'`, 'is missing: a secret is for quotes'],
    [`bidUrl: 'http://h/bid', bidSecret: short`, 'must have 16 characters or more'],
    [`bidUrl: 'ftp://h/bid', bidSecret: '\${SECRET}'`, 'must begin with http:// or https://'],
    [`bidUrl: 'nowhere', bidSecret: '\${SECRET}'`, 'must be a URL'],
    [`bidUrl: 'http://h/bid', bidSecretFile: weak`, 'its content must have 16 characters or more'],
    [`bidUrl: 'http://h/bid', bidSecretFile: gone`, 'names a file that cannot be read'],
    [
      `bidUrl: 'http://h/bid', bidSecret: '\${SECRET}', bidSecretFile: x`,
      'cannot stand beside bidSecret',
    ],
  ])('%s is refused: %s', (instance, message) => {
    const loaded = load(instance, { '/etc/weak': 'short' });
    const problems = loaded.kind === 'rejected' ? loaded.problems : [];
    expect(problems.map((problem) => problem.message).join('; ')).toContain(message);
    expect(JSON.stringify(problems)).not.toContain(SECRET);
  });
});

test('the market has its defaults, and says what it does not know', () => {
  const plain = load('owner: them');
  expect(plain.kind === 'policy' && plain.policy.config.market).toEqual({
    bidDeadlineMs: 20,
    bidsOutstanding: 64,
    tellsPrices: false,
    tariff: 'own-rates',
    reserveMarkup: 2,
    reserveScoreUsd: null,
  });
  const wrong = load('owner: them', {}, 'market: { tarif: clearing }');
  expect(wrong.kind === 'rejected' && wrong.problems[0]).toMatchObject({ line: 4 });
});
