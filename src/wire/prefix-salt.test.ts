import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeyId, TenantId } from '../kernel/index.ts';
import { scanBody } from './index.ts';
import { prefixSaltOf } from './index.ts';

const askedBy = (tenant: string, salt: unknown) => ({
  body: scanBody(Buffer.from(JSON.stringify({ messages: [], cache_salt: salt }))),
  caller: { tenant: tenant as TenantId, key: 'k' as KeyId, roles: [] },
});

test('no salt that a client can send is that of another tenant', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1 }),
      fc.option(fc.string()),
      fc.option(fc.string()),
      (tenant, other, salt, otherSalt) => {
        fc.pre(tenant !== other);
        const own = prefixSaltOf(askedBy(tenant, salt), true);
        expect(own).not.toBe(prefixSaltOf(askedBy(other, otherSalt), true));
        expect(own).toBe(prefixSaltOf(askedBy(tenant, salt), true));
      },
    ),
  );
});

test("where tenants share, it is the client's", () => {
  expect(prefixSaltOf(askedBy('acme', 's'), false)).toBe('s');
  expect(prefixSaltOf(askedBy('acme', null), false)).toBeNull();
  expect(prefixSaltOf(askedBy('acme', { a: 1 }), false)).toBeNull();
});
