// Pages of other origins: shut out unless their origin is named in the configuration, and even then without cookies.
import { afterEach, expect, test } from 'vitest';
import { ConfigurationError, readConfig } from '../../src/config.ts';
import { type Api, openApi, PAYOUT } from '../support/api.ts';
import { COMPRESSED } from '../support/world.ts';

const SHOP = 'https://shop.example';
const opened: Api[] = [];
async function open(CORS_ORIGINS: string, more: Record<string, string> = {}): Promise<Api> {
  const api = await openApi({ env: { CORS_ORIGINS, ...more } });
  opened.push(api);
  return api;
}
afterEach(async () => {
  for (const api of opened.splice(0)) await api.close();
});
const preflight = (api: Api, path: string, origin: string) =>
  api.call('OPTIONS', path, {
    key: null,
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  });

test('where no origin is named, no page of another origin gets anything, and nobody is told that it depends', async () => {
  const api = await open('');
  const answered = await api.get('/v1/wallets', { headers: { origin: SHOP } });
  expect(answered.status).toBe(200);
  expect([...answered.headers.keys()].filter((name) => /^access-control|^vary/.test(name))).toEqual([]);
  expect((await preflight(api, '/v1/payouts', SHOP)).status).toBe(405);
});

test('a page of a named origin may call the API and read what it needs, in refusals too', async () => {
  const api = await open(`${SHOP}, http://127.0.0.1:8080`, { RATE_LIMIT_KEY_PER_SECOND: '1' });
  const asked = await preflight(api, '/v1/payouts', SHOP);
  expect([asked.status, asked.text]).toEqual([204, '']);
  expect(Object.fromEntries(asked.headers)).toMatchObject({
    'access-control-allow-origin': SHOP,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, X-Request-Id',
    'access-control-max-age': '600',
    vary: 'Origin',
    'x-content-type-options': 'nosniff',
  });
  expect((await preflight(api, '/v1/transactions/x', SHOP)).headers.get('access-control-allow-methods')).toBe(
    'GET, HEAD',
  );
  const statuses = new Set<number>();
  const headers = { origin: SHOP };
  for (let n = 0; n < 200 && !statuses.has(429); n += 1) {
    for (const ask of [
      () => api.post('/v1/payouts', PAYOUT, { headers, key: null }),
      () => api.get('/v1/nowhere', { headers }),
      () => api.get('/v1/wallets', { headers: { origin: 'http://127.0.0.1:8080' } }),
    ]) {
      const answered = await ask();
      statuses.add(answered.status);
      expect(answered.headers.get('access-control-allow-origin')).toMatch(
        /^(https:\/\/shop\.example|http:\/\/127\.0\.0\.1:8080)$/,
      );
      expect(answered.headers.get('access-control-expose-headers')).toContain('Retry-After');
      expect(answered.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answered.headers.get('vary')).toBe('Origin');
    }
  }
  expect([...statuses].toSorted()).toEqual([200, 401, 404, 429]);
});

test('an origin that is not named gets no word of it, and caches are told that answers differ', async () => {
  const api = await open(SHOP);
  for (const origin of ['https://evil.example', `${SHOP}:8443`, 'null', SHOP.toUpperCase()]) {
    expect((await preflight(api, '/v1/payouts', origin)).status).toBe(405);
    const { headers } = await api.get('/v1/wallets', { headers: { origin } });
    expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([null, 'Origin']);
  }
});

test('every origin may be let in by name of *, and then nobody’s cookies go along', async () => {
  const api = await open('*');
  const { headers } = await api.get('/v1/wallets', { headers: { origin: 'https://any.example' } });
  expect(headers.get('access-control-allow-origin')).toBe('*');
  expect(headers.get('access-control-allow-credentials')).toBeNull();
  expect((await preflight(api, '/v1/payouts', 'https://any.example')).status).toBe(204);
  expect((await preflight(api, '/webhooks/eversend', 'https://any.example')).status).toBe(405);
});

test.each([
  'shop.example',
  'https://shop.example/',
  'https://shop.example/pay',
  'https://*.shop.example',
  '*,https://a.example',
  'null',
  'ftp://a.example',
  'https://a.example,',
])('CORS_ORIGINS=%s is refused in one sentence', (CORS_ORIGINS) => {
  const read = () => readConfig({ ...COMPRESSED, DATABASE_URL: 'postgres://app@db.example/payments', CORS_ORIGINS });
  expect(read).toThrow(ConfigurationError);
  expect(read).toThrow(/^CORS_ORIGINS must be origins such as .+\.$/);
});
