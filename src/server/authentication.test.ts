import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import type { KeyConfig } from '../contract/index.ts';
import { authenticate, createKeyRing, sha256Hex } from './authentication.ts';

const entry = (key: string, i: number): KeyConfig => ({
  id: `k${i}` as KeyConfig['id'],
  tenant: `t${i}` as KeyConfig['tenant'],
  sha256: sha256Hex(key),
  roles: [`r${i}`],
});

const keyText = fc.string({ minLength: 1, maxLength: 80 }).filter((key) => key.trim() === key);

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
            const caller = authenticate({ [header]: value }, ring);
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
    expect(authenticate(headers, ring)).toMatchObject({ code: 'BRS_KEY_MISSING', httpStatus: 401 });
  });

  test('a key as long as a body is not hashed, and its digest is no key', () => {
    const long = 'x'.repeat(100_000);
    const ring = createKeyRing([entry(long, 0), entry('good', 1)], false);
    expect(authenticate({ authorization: `Bearer ${long}` }, ring)).toBeInstanceOf(Fault);
    const digest = authenticate({ authorization: `Bearer ${sha256Hex('good')}` }, ring);
    expect(digest).toMatchObject({ code: 'BRS_KEY_INVALID' });
  });

  test('the scheme is read in any case', () => {
    const ring = createKeyRing([entry('good', 0)], false);
    expect(authenticate({ authorization: 'bEARER good' }, ring)).toMatchObject({ key: 'k0' });
  });

  test('without keys everybody is anonymous, unless a key is required all the same', () => {
    expect(authenticate({}, createKeyRing([], false))).toMatchObject({ key: 'anonymous' });
    expect(authenticate({}, createKeyRing([], true))).toMatchObject({ code: 'BRS_KEY_MISSING' });
  });
});
