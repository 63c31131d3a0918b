import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import type { Caller, KeyConfig } from '../contract/index.ts';
import { authenticate, createKeyRing, sha256Hex } from './authentication.ts';
import type { Connection, KeyRing } from './authentication.ts';

const entry = (key: string, i: number): KeyConfig => ({
  id: `k${i}` as KeyConfig['id'],
  tenant: `t${i}` as KeyConfig['tenant'],
  sha256: sha256Hex(key),
  roles: [`r${i}`],
});

const keyText = fc.string({ minLength: 1, maxLength: 80 }).filter((key) => key.trim() === key);

/** As on a connection of its own. */
const ask = (headers: Readonly<Record<string, string | string[]>>, ring: KeyRing): Caller | Fault =>
  authenticate(headers, ring, {});

describe('authenticate', () => {
  test('exactly the configured keys pass, each as its own tenant', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(keyText, { minLength: 1, maxLength: 8 }),
        fc.array(keyText, { maxLength: 8 }),
        fc.constantFrom('authorization', 'x-api-key', 'api-key'),
        (configured, tried, header) => {
          const ring = createKeyRing(configured.map(entry), false);
          for (const key of [...configured, ...tried, ...configured.map((own) => own + 'x')]) {
            const value = header === 'authorization' ? `Bearer ${key}` : key;
            const caller = ask({ [header]: value }, ring);
            const index = configured.indexOf(key);
            if (index < 0) expect(caller).toMatchObject({ code: 'BRS_KEY_INVALID' });
            else
              expect(caller).toEqual({
                tenant: `t${index}`,
                key: `k${index}`,
                roles: [`r${index}`],
              });
          }
        },
      ),
    );
  });

  test.each([
    [{}],
    [{ authorization: 'Bearer ' }],
    [{ authorization: 'Bearer' }],
    [{ authorization: 'Basic Z29vZA==' }],
    [{ 'x-api-key': '' }],
    [{ 'x-api-key': ['good', 'good'] }],
  ])('%j has no key', (headers) => {
    const ring = createKeyRing([entry('good', 0)], false);
    expect(ask(headers, ring)).toMatchObject({ code: 'BRS_KEY_MISSING', httpStatus: 401 });
  });

  test('a key as long as a body is not hashed, and its digest is no key', () => {
    const long = 'x'.repeat(100_000);
    const ring = createKeyRing([entry(long, 0), entry('good', 1)], false);
    expect(ask({ authorization: `Bearer ${long}` }, ring)).toBeInstanceOf(Fault);
    const digest = ask({ authorization: `Bearer ${sha256Hex('good')}` }, ring);
    expect(digest).toMatchObject({ code: 'BRS_KEY_INVALID' });
  });

  test('the scheme is read in any case', () => {
    const ring = createKeyRing([entry('good', 0)], false);
    expect(ask({ authorization: 'bEARER good' }, ring)).toMatchObject({ key: 'k0' });
  });

  test('without keys everybody is anonymous, unless a key is required all the same', () => {
    expect(ask({}, createKeyRing([], false))).toMatchObject({ key: 'anonymous' });
    expect(ask({}, createKeyRing([], true))).toMatchObject({ code: 'BRS_KEY_MISSING' });
  });
});

describe('a connection that stays open', () => {
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  const both = [entry('first-key', 0), entry('other-key', 1)];

  test('is asked for its key once', () => {
    let lookups = 0;
    const ring = createKeyRing(both, false);
    const counted: KeyRing = {
      isRequired: true,
      callers: new (class extends Map<string, never> {
        override get(digest: string): never | undefined {
          lookups++;
          return ring.callers.get(digest) as never;
        }
      })(),
    };
    const connection: Connection = {};
    for (let i = 0; i < 3; i++) {
      expect(authenticate(bearer('first-key'), counted, connection)).toMatchObject({ key: 'k0' });
      expect(authenticate({ 'x-api-key': 'first-key' }, counted, connection)).toMatchObject({
        key: 'k0',
      });
    }
    expect(lookups).toBe(1);
    expect(authenticate(bearer('first-key'), counted, {})).toMatchObject({ key: 'k0' });
    expect(lookups).toBe(2);
  });

  test('is who its latest key says, and nobody with a wrong one', () => {
    const ring = createKeyRing(both, false);
    const connection: Connection = {};
    const said = [
      'first-key',
      'other-key',
      'first-kez',
      'girst-key',
      'first-key2',
      'first-key',
    ].map((key) => authenticate(bearer(key), ring, connection));
    const invalid = { code: 'BRS_KEY_INVALID' };
    expect(said).toMatchObject([
      { key: 'k0' },
      { key: 'k1' },
      invalid,
      invalid,
      invalid,
      { key: 'k0' },
    ]);
    expect(authenticate({}, ring, connection)).toMatchObject({ code: 'BRS_KEY_MISSING' });
  });

  test('is asked again by new keys: one that was withdrawn or given to another ends there', () => {
    const connection: Connection = {};
    const before = createKeyRing(both, false);
    expect(authenticate(bearer('first-key'), before, connection)).toMatchObject({ tenant: 't0' });
    const given = createKeyRing([entry('first-key', 7)], false);
    expect(authenticate(bearer('first-key'), given, connection)).toMatchObject({ tenant: 't7' });
    const without = createKeyRing([entry('other-key', 1)], false);
    expect(authenticate(bearer('first-key'), without, connection)).toBeInstanceOf(Fault);
    expect(authenticate(bearer('first-key'), without, connection)).toBeInstanceOf(Fault);
  });
});
