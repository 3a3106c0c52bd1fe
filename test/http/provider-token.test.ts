// The provider's token: off unless enabled, for keys that may, a few times a minute, on record each time and in no log.
import { afterEach, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import { type Api, openApi } from '../support/api.ts';

const PATH = '/v1/provider/token';
const TOKEN = 'canary-token-5f8a3c1e';

let api: Api;
afterEach(() => api.close());

async function open(env: Record<string, string> = { PROVIDER_TOKEN_ENDPOINT: 'true' }) {
  api = await openApi({ env });
  api.world.provider.token = async () => ({ token: TOKEN, expiresAt: new Date('2026-12-01T08:00:00Z') });
  return api.key({ scopes: ['provider:token'] });
}

test('is not there unless it is enabled, and not described', async () => {
  const key = await open({});
  expect((await api.get(PATH, { key })).status).toBe(404);
  expect((await api.get('/openapi.json')).json.paths[PATH]).toBeUndefined();
});

test('is given to a key that may see it, never to be kept, and each reading is on record without it', async () => {
  const key = await open();
  const answered = await api.get(PATH, { key, from: '203.0.113.9' });
  expect([answered.status, answered.json]).toEqual([200, { token: TOKEN, expiresAt: '2026-12-01T08:00:00.000Z' }]);
  expect(answered.headers.get('cache-control')).toBe('no-store');
  await api.get(PATH, { key });
  const rows = await api.world.db('audit_log').orderBy('id');
  expect(rows).toMatchObject([
    { action: 'provider.read_token', actor: expect.stringMatching(/^key:ak/), client_address: '203.0.113.9' },
    { action: 'provider.read_token', client_address: '198.51.100.7' },
  ]);
  const heard = api.lines.filter(({ event }) => event === 'provider_token_read');
  expect(heard).toMatchObject([{ security: true, clientAddress: '203.0.113.9' }, { security: true }]);
  expect(JSON.stringify([api.lines, rows.map((row) => row.detail)])).not.toContain(TOKEN);
});

test('is refused to a key with every usual scope, and to nobody at all', async () => {
  await open();
  expect([(await api.get(PATH)).status, (await api.get(PATH, { key: null })).status]).toEqual([403, 401]);
  expect(await api.world.db('audit_log')).toEqual([]);
});

test('has a limit of its own', async () => {
  const key = await open({ PROVIDER_TOKEN_ENDPOINT: 'true', RATE_LIMIT_PROVIDER_TOKEN_PER_MINUTE: '2' });
  const statuses: number[] = [];
  for (let n = 0; n < 4; n += 1) statuses.push((await api.get(PATH, { key })).status);
  expect(statuses).toEqual([200, 200, 429, 429]);
  expect(await api.world.db('audit_log')).toHaveLength(2);
});

test('that cannot be had is a 503 that says when to ask again', async () => {
  const key = await open();
  api.world.provider.token = async () => {
    throw new ProviderUnavailable('rate_limited', 'The provider gives no token right now.', 3000);
  };
  const answered = await api.get(PATH, { key });
  expect([answered.status, answered.headers.get('retry-after')]).toEqual([503, '3']);
  expect(await api.world.db('audit_log')).toEqual([]);
});
