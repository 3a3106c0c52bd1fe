// API keys: made once, found by their hash, refused when revoked, expired, of the other environment, or used from elsewhere.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../src/context.ts';
import {
  ApiKey,
  createApiKey,
  DEFAULT_SCOPES,
  findApiKey,
  type NewApiKey,
  revokeApiKey,
} from '../../src/merchants/api-key.ts';
import { noteUse } from '../../src/merchants/key-use.ts';
import { createMerchant } from '../../src/merchants/merchant.ts';
import { rotateApiKey } from '../../src/merchants/rotate-key.ts';
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

test('a fresh key is found by its secret, with the default scopes unless told otherwise', async () => {
  const { apiKey, secret } = await make();
  expect(secret).toMatch(/^ek_test_[0-9A-Za-z]{32}$/);
  expect(apiKey.lastFour).toBe(secret.slice(-4));
  const found = await findApiKey(contextOf('test'), secret);
  expect(found).toMatchObject({ id: apiKey.id, merchantId });
  expect([...(found?.scopes ?? [])]).toEqual([...DEFAULT_SCOPES]);
  expect(DEFAULT_SCOPES).not.toContain('provider:token');
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

const rotate = (id: string, overlapMs: number) =>
  database.db.transaction((trx) => rotateApiKey(trx, { id, overlapMs }));

test('a rotated key and its successor work until the overlap ends, then the successor alone; both are of one lineage', async () => {
  const ctx = contextOf('test');
  const first = await make({ scopes: ['wallets:read'], allowedAddresses: ['203.0.113.0/24'] });
  const { apiKey, secret, old } = await rotate(first.apiKey.id, 400);
  expect(apiKey).toMatchObject({
    scopes: ['wallets:read'],
    allowedAddresses: ['203.0.113.0/24'],
    expiresAt: null,
    rotatedFrom: first.apiKey.id,
    lineageId: first.apiKey.id,
  });
  expect(old.expiresAt?.getTime()).toBeLessThan(Date.now() + 1000);
  expect(await findApiKey(ctx, first.secret)).toMatchObject({ id: first.apiKey.id });
  expect(await findApiKey(ctx, secret)).toMatchObject({ id: apiKey.id });
  await until(async () => (await findApiKey(ctx, first.secret)) === null, 'the overlap ends', 2000);
  expect(await findApiKey(ctx, secret)).not.toBeNull();
  expect((await rotate(apiKey.id, 0)).apiKey.lineageId).toBe(first.apiKey.id);
});

test('a rotation never lengthens a life, and the successor ends when the key would have ended', async () => {
  const expiresAt = new Date(Date.now() + 60_000);
  const { apiKey, old } = await rotate((await make({ expiresAt })).apiKey.id, 3_600_000);
  expect([old.expiresAt, apiKey.expiresAt]).toEqual([expiresAt, expiresAt]);
});

test('a key is rotated once, also when two try at the same time, unless its successor is revoked; a dead key never', async () => {
  const { apiKey } = await make();
  const both = await Promise.allSettled([rotate(apiKey.id, 60_000), rotate(apiKey.id, 60_000)]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  await expect(rotate(apiKey.id, 60_000)).rejects.toMatchObject({ code: 'conflict' });
  const successor = await ApiKey.query(database.db).findOne({ rotated_from: apiKey.id }).throwIfNotFound();
  await revokeApiKey(database.db, successor.id);
  await rotate(apiKey.id, 0);
  await expect(rotate(apiKey.id, 0)).rejects.toMatchObject({ code: 'conflict' });
  await expect(rotate(successor.id, 0)).rejects.toMatchObject({ code: 'conflict' });
  await expect(rotate((await make()).apiKey.id, 31 * 86_400_000)).rejects.toMatchObject({ status: 400 });
  await expect(rotate('ak01M82WKF13J929WMA0Z3KP0NC1', 0)).rejects.toMatchObject({ status: 404 });
  const expired = await make({ expiresAt: new Date(Date.now() + 20) });
  await until(() => Date.now() > (expired.apiKey.expiresAt?.getTime() ?? 0), 'the key expires');
  await expect(rotate(expired.apiKey.id, 0)).rejects.toMatchObject({ code: 'conflict' });
});

test('the last use is written in the background, with its address, and not again within the minute', async () => {
  const ctx = contextOf('test');
  const { apiKey } = await make();
  const use = async () => ApiKey.whole(database.db).findById(apiKey.id).throwIfNotFound();
  noteUse(ctx, apiKey.id, '203.0.113.9');
  noteUse(ctx, apiKey.id, '203.0.113.10');
  expect((await use()).lastUsedAt).toBeNull();
  await until(async () => (await use()).lastUsedAt !== null, 'the use is written');
  const first = await use();
  expect(first.lastUsedAddress).toBe('203.0.113.9');
  // Another process, which knows nothing of what this one wrote, and a key whose use is new to both.
  const another = contextOf('test');
  const other = await make();
  noteUse(another, apiKey.id, '203.0.113.11');
  noteUse(another, other.apiKey.id, null);
  await until(
    async () => (await ApiKey.query(database.db).findById(other.apiKey.id))?.lastUsedAt !== null,
    'the other process writes',
  );
  expect((await use()).lastUsedAt).toEqual(first.lastUsedAt);
});

test('a use that cannot be written down is nobody’s trouble, and the next one is written', async () => {
  const { apiKey } = await make();
  const said: unknown[] = [];
  let away = true;
  const db = new Proxy(database.db, {
    get: (target, name) => {
      if (away && name === 'client') throw new Error('the database is away');
      return Reflect.get(target, name);
    },
  });
  const log = { debug: (fields: unknown) => void said.push(fields) };
  const ctx = { ...contextOf('test'), db, log } as unknown as Context;
  noteUse(ctx, apiKey.id, null);
  await until(() => said.length > 0, 'it has been tried');
  away = false;
  noteUse(ctx, apiKey.id, null);
  await until(
    async () => (await ApiKey.query(database.db).findById(apiKey.id))?.lastUsedAt !== null,
    'the next use is written',
  );
});
