// API keys: made once, found by their hash, refused when revoked, expired, of the other environment, or used from elsewhere.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../src/context.ts';
import { createApiKey, findApiKey, type NewApiKey, revokeApiKey, SCOPES } from '../../src/merchants/api-key.ts';
import { createMerchant } from '../../src/merchants/merchant.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
let merchantId: string;
const contextOf = (environment: 'live' | 'test') =>
  ({ db: database.db, config: { API_ENVIRONMENT: environment } }) as unknown as Context;
const make = (of: Partial<NewApiKey> = {}) =>
  createApiKey(database.db, { merchantId, name: 'shop', environment: 'test', ...of });

beforeAll(async () => {
  database = await createDatabase();
  merchantId = (await createMerchant(database.db, { name: 'Kibanda' })).id;
});
afterAll(() => database.close());

test('a fresh key is found by its secret, with every scope but approval unless told otherwise', async () => {
  const { apiKey, secret } = await make();
  expect(secret).toMatch(/^ek_test_[0-9A-Za-z]{32}$/);
  expect(apiKey.lastFour).toBe(secret.slice(-4));
  const found = await findApiKey(contextOf('test'), secret);
  expect(found).toMatchObject({ id: apiKey.id, merchantId });
  expect(SCOPES.filter((scope) => !found?.scopes.has(scope))).toEqual(['payouts:approve']);
  const reader = await make({ scopes: ['wallets:read'] });
  expect([...((await findApiKey(contextOf('test'), reader.secret))?.scopes ?? [])]).toEqual(['wallets:read']);
});

test('the secret is stored nowhere, only its hash', async () => {
  const { secret } = await make();
  const { rows } = await database.db.raw('SELECT row_to_json(k)::text AS row FROM api_keys k');
  expect(rows.map((row: { row: string }) => row.row).join('')).not.toContain(secret.slice(8));
});

test('a revoked key is refused within a second, even where it was just used', async () => {
  const ctx = contextOf('test');
  const { apiKey, secret } = await make();
  expect(await findApiKey(ctx, secret)).not.toBeNull();
  expect(await revokeApiKey(database.db, apiKey.id)).toBe(true);
  expect(await revokeApiKey(database.db, apiKey.id)).toBe(false);
  await until(async () => (await findApiKey(ctx, secret)) === null, 'the revoked key is refused', 1000);
});

test('an expired key is refused at its very moment, not when the cache thinks of it', async () => {
  const ctx = contextOf('test');
  const { secret } = await make({ expiresAt: new Date(Date.now() + 300) });
  expect(await findApiKey(ctx, secret)).not.toBeNull();
  await until(async () => (await findApiKey(ctx, secret)) === null, 'the key has expired', 700);
});

test('unknown keys, keys of the other environment and things that are no keys are not found', async () => {
  const { secret } = await make();
  expect(await findApiKey(contextOf('live'), secret)).toBeNull();
  expect(await findApiKey(contextOf('test'), `ek_test_${'a'.repeat(32)}`)).toBeNull();
  for (const text of ['', 'ek_test_', `${secret} `, `${secret}x`, secret.toUpperCase(), '__proto__'])
    expect(await findApiKey(contextOf('test'), text)).toBeNull();
});

test('a key with ranges is good from inside them and from nowhere else', async () => {
  const { secret } = await make({ allowedAddresses: ['203.0.113.77/24', '2001:db8::/32', '198.51.100.7'] });
  const key = await findApiKey(contextOf('test'), secret);
  for (const address of ['203.0.113.1', '2001:db8::5', '198.51.100.7']) expect(key?.allows(address)).toBe(true);
  for (const address of ['203.0.114.1', '2001:db9::5', '198.51.100.8', null]) expect(key?.allows(address)).toBe(false);
});

test('what was never there cannot be revoked', async () => {
  await expect(revokeApiKey(database.db, 'ak00000000000000000000000000')).rejects.toMatchObject({ code: 'not_found' });
});

test('ten thousand guesses are forgotten again, and known keys stay known', async () => {
  const ctx = contextOf('test');
  const { secret } = await make();
  expect(await findApiKey(ctx, secret)).not.toBeNull();
  for (let from = 0; from < 10_000; from += 500) {
    const guesses = Array.from({ length: 500 }, (_, n) => `ek_test_${String(from + n).padStart(32, '0')}`);
    expect(new Set(await Promise.all(guesses.map((guess) => findApiKey(ctx, guess))))).toEqual(new Set([null]));
  }
  expect(await findApiKey(ctx, secret)).not.toBeNull();
});

test('a key that could not be meant is refused by the name of its field', async () => {
  await expect(make({ name: ' \u202e' })).rejects.toMatchObject({ errors: [{ field: 'name' }] });
  await expect(make({ scopes: [] })).rejects.toMatchObject({ errors: [{ field: 'scopes' }] });
  await expect(make({ scopes: ['everything' as never] })).rejects.toMatchObject({ errors: [{ field: 'scopes' }] });
  await expect(make({ expiresAt: new Date(0) })).rejects.toMatchObject({ errors: [{ field: 'expiresAt' }] });
  for (const range of ['10.0.0.0/33', 'localhost', '10.0.0', '', '::1/129'])
    await expect(make({ allowedAddresses: [range] })).rejects.toMatchObject({
      errors: [{ field: 'allowedAddresses' }],
    });
});
