// What surrounds every request: headers on every kind of answer, ids, the client's address, and one log line without secrets.
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { clientAddressOf, normalAddress } from '../../src/http/client-address.ts';
import { type Api, openApi, PAYOUT } from '../support/api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const ALWAYS: Record<string, RegExp> = {
  'x-content-type-options': /^nosniff$/,
  'cache-control': /^no-store$/,
  'strict-transport-security': /^max-age=\d{8}/,
  'referrer-policy': /^no-referrer$/,
  'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
  'cross-origin-opener-policy': /^same-origin$/,
  'x-request-id': /^[A-Za-z0-9_-]{8,64}$/,
};
const expectHeaders = (headers: Headers) => {
  for (const [name, pattern] of Object.entries(ALWAYS)) expect(headers.get(name), name).toMatch(pattern);
};

test('every kind of answer carries the security headers', async () => {
  const kinds: [string, string, number, object?][] = [
    ['GET', '/v1/wallets', 200],
    ['HEAD', '/v1/wallets', 200],
    ['GET', '/livez', 200],
    ['GET', '/openapi.json', 200],
    ['GET', '/docs', 200],
    ['GET', '/docs/swagger-ui.css', 200],
    ['GET', '/nowhere', 404],
    ['GET', '/v1/payouts/x', 404],
    ['DELETE', '/v1/payouts', 405],
    ['POST', '/docs', 405],
    ['OPTIONS', '/v1/payouts', 405],
    ['POST', '/v1/payouts', 422, PAYOUT],
    ['POST', '/v1/payouts', 400, {}],
    ['GET', '/v1/wallets?x=1', 400],
    ['POST', '/webhooks/eversend', 401, {}],
  ];
  for (const [method, path, status, body] of kinds) {
    const answered = await api.call(method, path, body === undefined ? {} : { body });
    expect(answered.status, `${method} ${path}`).toBe(status);
    expectHeaders(answered.headers);
    expect(answered.headers.get('x-powered-by')).toBeNull();
  }
});

test('a fault of ours is a 500 that tells nothing, and the log tells everything', async () => {
  const broken = await openApi();
  broken.world.provider.collectionFees = () => {
    throw new TypeError('cannot read secret of undefined');
  };
  const answered = await broken.post('/v1/collections/fees', { amount: '2000', currency: 'UGX', country: 'UG' });
  expect([answered.status, answered.json.code]).toEqual([500, 'internal_error']);
  expect(answered.text).not.toMatch(/secret|TypeError|\.ts/);
  expectHeaders(answered.headers);
  expect(broken.lines).toContainEqual(
    expect.objectContaining({
      event: 'request_failed',
      requestId: answered.json.requestId,
      error: expect.objectContaining({ name: 'TypeError', message: 'cannot read secret of undefined' }),
    }),
  );
  broken.world.provider.collectionFees = () => Promise.reject('thrown text');
  const thrown = await broken.post('/v1/collections/fees', { amount: '2000', currency: 'UGX', country: 'UG' });
  expect(thrown.status).toBe(500);
  expectHeaders(thrown.headers);
  await broken.close();
});

test('without its database it answers 503, with everything else as always', async () => {
  const broken = await openApi();
  await broken.world.db.destroy();
  await broken.world.close();
  const gone = {
    ...broken.world,
    db: (await import('../../src/db/knex.ts')).openDatabase({
      url: 'postgres://x@127.0.0.1:1/x',
      poolSize: 2,
      onError: () => {},
    }),
  };
  const app = createApp(gone);
  const answered = await app.request('/v1/wallets', { headers: { authorization: `Bearer ${broken.secret}` } });
  expect(answered.status).toBe(503);
  expectHeaders(answered.headers);
  expect(await answered.json()).toMatchObject({ code: 'unavailable' });
  const ready = await app.request('/readyz');
  expect([ready.status, await ready.json()]).toMatchObject([503, { checks: { database: 'down' } }]);
  expect((await app.request('/livez')).status).toBe(200);
  await gone.db.destroy();
});

test("the console's own answers get what they lack and keep the policy they chose", async () => {
  const admin = new Hono();
  admin.get('/', (c) => c.html('<p>x</p>', 200, { 'content-security-policy': "default-src 'self'" }));
  admin.get('/away', (c) => c.redirect('/elsewhere'));
  admin.get('/raw', () => Response.redirect('http://localhost/elsewhere'));
  admin.get('/rows/:id', () => {
    throw new Error('a bug');
  });
  const app = createApp({ ...api.world, log: api.world.log }, { admin });
  const page = await app.request('/admin');
  expect([page.status, page.headers.get('content-security-policy')]).toEqual([200, "default-src 'self'"]);
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  for (const [path, status] of [
    ['/admin/away', 302],
    ['/admin/raw', 302],
    ['/admin/rows/7', 500],
    ['/admin/nowhere', 404],
  ] as const) {
    const answered = await app.request(path);
    expect(answered.status, path).toBe(status);
    expectHeaders(answered.headers);
  }
});

test("a plain request id of the caller's comes back; anything else is replaced", async () => {
  const idOf = async (id: string) =>
    (await api.get('/livez', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
  expect(await idOf('my-request_01')).toBe('my-request_01');
  for (const id of [
    'short',
    'x'.repeat(65),
    'with space',
    'a,b,c,d,e,f',
    '<script>alert(1)</script>',
    '{"level":"info"}',
  ]) {
    const given = await idOf(id);
    expect(given).not.toBe(id);
    expect(given).toMatch(/^[A-Za-z0-9_-]{16}$/);
  }
});

test('the access log names the route and never the path, the query, the key or the body', async () => {
  api.lines.length = 0;
  await api.get('/v1/transactions/+256712345678');
  await api.get('/v1/wallets?owner=canary-42');
  await api.get('/canary-path/+256712345678');
  await api.post('/v1/payouts', {
    ...PAYOUT,
    reference: 'canary-body',
    recipient: { ...PAYOUT.recipient, firstName: 'Canary' },
  });
  const text = JSON.stringify(api.lines);
  expect(text).not.toMatch(/canary|256712345678|ek_test_/i);
  expect(api.lines.map((line) => line['path'])).toEqual([
    '/v1/transactions/{id}',
    '/v1/wallets',
    '(no such path)',
    '/v1/payouts',
  ]);
  expect(api.lines[1]).toMatchObject({
    method: 'GET',
    status: 200,
    merchantId: api.world.merchantId,
    clientAddress: '198.51.100.7',
    durationMs: expect.any(Number),
    requestId: expect.any(String),
  });
});

describe('the client address', () => {
  const of = (socketAddress: string | undefined, forwardedFor: string | undefined, hops: number) =>
    clientAddressOf({ socketAddress, forwardedFor, hops });

  test('is the socket’s unless proxies are trusted', () => {
    expect(of('198.51.100.1', '203.0.113.9', 0)).toBe('198.51.100.1');
    expect(of('::ffff:198.51.100.1', undefined, 0)).toBe('198.51.100.1');
    expect(of(undefined, '203.0.113.9', 0)).toBeNull();
  });

  test('is what the outermost trusted proxy saw, whatever the client wrote before it', () => {
    expect(of('10.0.0.1', '203.0.113.9', 1)).toBe('203.0.113.9');
    expect(of('10.0.0.1', '1.1.1.1, 203.0.113.9', 1)).toBe('203.0.113.9');
    expect(of('10.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.2', 2)).toBe('203.0.113.9');
    expect(of('10.0.0.1', 'x, ::ffff:203.0.113.9', 1)).toBe('203.0.113.9');
    expect(of('10.0.0.1', undefined, 1)).toBe('10.0.0.1');
    expect(of('10.0.0.1', 'unknown', 1)).toBe('10.0.0.1');
    expect(of('10.0.0.1', "'; DROP TABLE", 3)).toBe('10.0.0.1');
  });

  test.each([
    ['203.0.113.9:1234', '203.0.113.9'],
    ['[2001:DB8::1]:443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    [' 203.0.113.9 ', '203.0.113.9'],
    ['203.0.113', null],
    ['203.0.113.9.1', null],
    ['', null],
  ])('of %s is %s', (text, expected) => expect(normalAddress(text)).toBe(expected));
});
