// Who may call: keys, scopes, addresses; and what strangers can learn from a refusal, which is nothing.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { revokeApiKey, SCOPES } from '../../src/merchants/api-key.ts';
import { type Api, openApi } from '../support/api.ts';
import { ROUTES } from '../support/routes.ts';
import { until } from '../support/until.ts';

let api: Api;
const REQUEST_ID = { 'x-request-id': 'the-same-for-all' };
beforeAll(async () => {
  api = await openApi();
  await api.world.fund('UGX', 10n ** 12n);
});
afterAll(() => api.close());

const filled = (path: string) => path.replace('{id}', 'po01M82WKF13J929WMA0Z3KP0NC1').replace('{country}', 'NG');

test('no route but the public ones answers without a key, and all of those are known', async () => {
  const open: string[] = [];
  for (const { method, path } of ROUTES) {
    const answered = await api.call(method, filled(path), { key: null });
    if (answered.status !== 401) open.push(path);
    else expect(answered.headers.get('www-authenticate')).toBe(path.startsWith('/webhooks') ? null : 'Bearer');
  }
  expect(open).toEqual(['/livez', '/readyz', '/openapi.json']);
});

test('a missing, malformed, unknown, revoked or expired key and one of the other environment are refused with the same bytes', async () => {
  const revoked = await api.key();
  const [row] = await api.world
    .db('api_keys')
    .select('id')
    .where({ last_four: revoked.slice(-4) });
  await revokeApiKey(api.world.db, row.id);
  const expired = await api.key({ expiresAt: new Date(Date.now() + 40) });
  const keys = [
    null,
    '',
    'x',
    'ek_test_short',
    `ek_test_${'0'.repeat(32)}`,
    `ek_live_${api.secret.slice(8)}`,
    `${api.secret} x`,
    `${api.secret}, Bearer ${api.secret}`,
    api.secret.toLowerCase(),
    revoked,
    expired,
  ];
  const answers = [];
  for (const key of keys) {
    if (key === expired)
      await until(async () => (await api.get('/v1/wallets', { key })).status === 401, 'the key expires');
    answers.push(await api.get('/v1/wallets', { key, headers: REQUEST_ID }));
  }
  answers.push(await api.get('/v1/wallets', { key: null, headers: { ...REQUEST_ID, authorization: api.secret } }));
  answers.push(
    await api.get('/v1/wallets', { key: null, headers: { ...REQUEST_ID, authorization: `Basic ${api.secret}` } }),
  );
  answers.push(
    await api.get(`/v1/wallets?api_key=${api.secret}&access_token=${api.secret}`, { key: null, headers: REQUEST_ID }),
  );
  expect(answers.map((one) => one.status)).toEqual(answers.map(() => 401));
  expect(new Set(answers.map((one) => one.text)).size).toBe(1);
  expect(JSON.stringify(api.lines)).not.toContain(api.secret);
});

test('a revoked key is dead within a second', async () => {
  const key = await api.key();
  expect((await api.get('/v1/wallets', { key })).status).toBe(200);
  const [row] = await api.world
    .db('api_keys')
    .select('id')
    .where({ last_four: key.slice(-4) });
  await revokeApiKey(api.world.db, row.id);
  await until(async () => (await api.get('/v1/wallets', { key })).status === 401, 'the key is refused', 1000);
});

test('a key does what its scopes say and nothing else, route by route', async () => {
  for (const scope of SCOPES) {
    const key = await api.key({ scopes: [scope] });
    for (const route of ROUTES.filter((each) => each.scope !== null)) {
      const answered = await api.call(route.method, filled(route.path), { key });
      if (route.scope === scope) expect(answered.json.code, route.path).not.toBe('insufficient_scope');
      else expect([answered.status, answered.json.code], route.path).toEqual([403, 'insufficient_scope']);
    }
  }
  expect(api.lines).toContainEqual(expect.objectContaining({ security: true, event: 'api_key_scope_refused' }));
});

test('a key with addresses is refused from elsewhere, and X-Forwarded-For changes nothing without trusted proxies', async () => {
  const key = await api.key({ allowedAddresses: ['203.0.113.0/24'] });
  const from = (address: string, forwarded?: string) =>
    api.get('/v1/wallets', {
      key,
      from: address,
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    });
  expect((await from('203.0.113.9')).status).toBe(200);
  expect((await from('::ffff:203.0.113.9')).status).toBe(200);
  const refused = await from('198.51.100.1', '203.0.113.9');
  expect([refused.status, refused.json.code]).toEqual([403, 'address_not_allowed']);
});
