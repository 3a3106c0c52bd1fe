// A merchant's own keys over the API: rotated and revoked by whoever may, and never more powerful for it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as views from '../../src/http/views.ts';
import { type NewApiKey, SCOPES } from '../../src/merchants/api-key.ts';
import { type Api, openApi } from '../support/api.ts';
import { until } from '../support/until.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const idOf = async (secret: string): Promise<string> =>
  (
    await api.world
      .db('api_keys')
      .where({ last_four: secret.slice(-4) })
      .first()
  ).id;
async function keyed(of: Partial<NewApiKey> = {}) {
  const secret = await api.key(of);
  return { secret, id: await idOf(secret) };
}

test('a key rotates itself: the answer has the secret, the list, the log and the database have not', async () => {
  const { secret: key, id } = await keyed({ scopes: ['keys:read', 'keys:write'] });
  const rotated = await api.post(`/v1/api-keys/${id}/rotate`, { overlap: '1h' }, { key });
  expect(rotated.status).toBe(201);
  expect(views.newApiKey.safeParse(rotated.json).error?.issues ?? []).toEqual([]);
  const { secret } = rotated.json;
  const listed = await api.get('/v1/api-keys', { key: secret });
  expect(views.listOf(views.apiKey).safeParse(listed.json).error?.issues ?? []).toEqual([]);
  expect(listed.json.data[0]).toMatchObject({ id: rotated.json.id, rotatedFrom: id });
  expect((await api.get('/v1/api-keys', { key })).status).toBe(200);
  const { rows } = await api.world.db.raw(
    'SELECT (SELECT json_agg(k) FROM api_keys k)::text || (SELECT json_agg(a) FROM audit_log a)::text AS all',
  );
  for (const text of [listed.text, JSON.stringify(api.lines), rows[0].all]) expect(text).not.toContain(secret.slice(8));
  expect((await api.post(`/v1/api-keys/${id}/rotate`, {}, { key })).json.code).toBe('conflict');
  const [row] = await api.world.db('audit_log').where({ subject: rotated.json.id });
  expect(row).toMatchObject({ action: 'keys.rotate', actor: `key:${id}`, detail: { rotatedFrom: id } });
});

test('a key rotates another only if that gains its holder nothing', async () => {
  const inAnHour = new Date(Date.now() + 3_600_000);
  const bounded = await keyed({
    scopes: ['keys:write', 'wallets:read'],
    expiresAt: inAnHour,
    allowedAddresses: ['198.51.100.0/24'],
  });
  const attempt = async (of: Partial<NewApiKey>) => {
    const { id } = await keyed(of);
    return (await api.post(`/v1/api-keys/${id}/rotate`, {}, { key: bounded.secret })).status;
  };
  const same = { expiresAt: inAnHour, allowedAddresses: ['198.51.100.0/24'] };
  expect(await attempt({ scopes: ['wallets:read'], ...same })).toBe(201);
  expect(await attempt({ scopes: ['wallets:read', 'payouts:write'], ...same })).toBe(403);
  expect(await attempt({ scopes: ['wallets:read'], ...same, expiresAt: null })).toBe(403);
  expect(await attempt({ scopes: ['wallets:read'], ...same, allowedAddresses: [] })).toBe(403);
  expect(await attempt({ scopes: ['wallets:read'], ...same, allowedAddresses: ['0.0.0.0/0'] })).toBe(403);
});

test('a key that asks for payouts and approves them rotates no second hand for itself', async () => {
  const { secret } = await keyed({ scopes: ['keys:write', 'payouts:write', 'payouts:approve', 'payouts:read'] });
  const attempt = async (of: Partial<NewApiKey>, key = secret) =>
    (await api.post(`/v1/api-keys/${(await keyed(of)).id}/rotate`, {}, { key })).status;
  expect(await attempt({ scopes: ['payouts:write'] })).toBe(403);
  expect(await attempt({ scopes: ['payouts:approve'] })).toBe(403);
  expect(await attempt({ scopes: ['payouts:read'] })).toBe(201);
  const asks = await keyed({ scopes: ['keys:write', 'payouts:write'] });
  expect(await attempt({ scopes: ['payouts:write'] }, asks.secret)).toBe(201);
});

test('a revoked key is dead within a second, revoking twice is harmless, and both are audited', async () => {
  const key = await api.key({ scopes: ['keys:write'] });
  const victim = await keyed();
  const revoke = () => api.post(`/v1/api-keys/${victim.id}/revoke`, {}, { key });
  const first = await revoke();
  expect(first.json.revokedAt).not.toBeNull();
  expect(first.json.id).toBe(victim.id);
  expect((await revoke()).json).toEqual(first.json);
  await until(async () => (await api.get('/v1/wallets', { key: victim.secret })).status === 401, 'it is dead', 1000);
  expect(await api.world.db('audit_log').where({ subject: victim.id, action: 'keys.revoke' })).toHaveLength(2);
});

test('keys of other merchants are not there', async () => {
  const key = await api.key({ scopes: [...SCOPES] });
  const stranger = await api.stranger();
  const theirs = await idOf(stranger.secret);
  for (const verb of ['rotate', 'revoke']) {
    const [missing, foreign] = await Promise.all(
      ['ak01M82WKF13J929WMA0Z3KP0NC1', theirs].map((id) =>
        api.post(`/v1/api-keys/${id}/${verb}`, {}, { key, headers: { 'x-request-id': 'the-same-for-all' } }),
      ),
    );
    expect(foreign?.status).toBe(404);
    expect(foreign?.text).toBe(missing?.text);
  }
  expect((await api.get('/v1/api-keys?limit=100', { key })).text).not.toContain(theirs);
  expect((await api.get('/v1/wallets', { key: stranger.secret })).status).toBe(200);
});

test('no key of the usual scopes sees or changes keys', async () => {
  expect((await api.get('/v1/api-keys')).status).toBe(403);
  expect((await api.post('/v1/api-keys/x/revoke', {})).status).toBe(403);
});
