// The description and the routes are one: nothing described is missing, nothing mounted is undescribed, and answers have their shapes.
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ZodObject } from 'zod';
import { defineRoute, json } from '../../src/http/define-route.ts';
import type { HttpEnv } from '../../src/http/exchange.ts';
import { mountRoutes } from '../../src/http/mount.ts';
import { surround } from '../../src/http/surround.ts';
import * as views from '../../src/http/views.ts';
import { type Answered, type Api, COLLECTION, openApi, PAYOUT } from '../support/api.ts';
import { settledCollection } from '../support/settled-collection.ts';

let api: Api;
let described: Record<string, Record<string, { responses: Record<string, unknown> }>>;
beforeAll(async () => {
  api = await openApi({ env: { BASE_PATH: 'api/eversend-payments' } });
  await api.world.fund('UGX', 10n ** 12n);
  described = (await api.get('/openapi.json', { key: null })).json.paths;
});
afterAll(() => api.close());

const BASE = '/api/eversend-payments';

test('every described operation answers, and every mounted one is described', () => {
  const mounted = api.app.routes
    .filter(({ method, path }) => method !== 'ALL' && !path.startsWith(`${BASE}/docs`))
    .map(({ method, path }) => `${method} ${path.slice(BASE.length).replaceAll(/:(\w+)/g, '{$1}')}`);
  const written = Object.entries(described).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(mounted.toSorted()).toEqual(written.toSorted());
  expect(new Set(mounted).size).toBe(mounted.length);
});

test('described methods are taken and all others refused with the list of those', async () => {
  for (const [path, operations] of Object.entries(described)) {
    const filled = path.replace('{id}', 'x').replace('{deliveryId}', 'x').replace('{country}', 'NG');
    const allowed = Object.keys(operations).flatMap((method) =>
      method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
    );
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const answered = await api.call(method, filled);
      if (allowed.includes(method)) expect(answered.status, `${method} ${path}`).not.toBe(405);
      else
        expect([answered.status, answered.headers.get('allow')], `${method} ${path}`).toEqual([
          405,
          allowed.join(', '),
        ]);
    }
  }
});

test('a fixed path wins over one with a parameter, in whatever order they are declared', async () => {
  const app = new Hono<HttpEnv>();
  app.use('*', surround(api.world));
  const declare = (method: 'GET' | 'POST', path: `/${string}`) =>
    defineRoute({
      method,
      path,
      operationId: `${method}${path}`,
      tag: 'Operation',
      scope: null,
      limit: 'address',
      summary: '',
      responses: {},
      handler: () => json(200, path),
    });
  mountRoutes(app, api.world, [declare('GET', '/rows/{id}'), declare('POST', '/rows/quote')], '');
  const statuses = [await app.request('/rows/7'), await app.request('/rows/quote')].map((answered) => answered.status);
  expect(statuses).toEqual([200, 405]);
});

test('the description stands under the base path and names where its paths begin', async () => {
  const document = (await api.get('/openapi.json', { key: null })).json;
  expect(document.openapi).toBe('3.1.1');
  expect(document.servers).toEqual([{ url: BASE }]);
  expect((await api.app.request('/openapi.json')).status).toBe(404);
  expect((await api.app.request('/v1/payouts', { method: 'POST' })).status).toBe(404);
});

test('what is described as required is what is refused when missing', async () => {
  const document = (await api.get('/openapi.json', { key: null })).json;
  expect(document.components.schemas.NewCollection.required).toEqual(['amount', 'currency', 'country', 'phone']);
  expect(document.components.schemas.NewPayout.additionalProperties).toBe(false);
  const [header] = document.paths['/v1/payouts'].post.parameters;
  expect(header).toMatchObject({ in: 'header', name: 'Idempotency-Key', required: true });
});

test('real answers have the described shapes', async () => {
  const holds = (schema: ZodObject, value: unknown) => expect(schema.safeParse(value).error?.issues ?? []).toEqual([]);
  api.world.provider.countries = async () => [
    { country: 'UG', name: 'Uganda', phonePrefix: '+256', methods: ['momo', 'bank', 'eversend'] },
  ];
  api.world.provider.banks = async () => [{ code: '0000', name: 'Default Bank' }];
  const payout = (await api.post('/v1/payouts', PAYOUT)).json;
  holds(views.transaction, payout);
  holds(views.transaction, (await api.post('/v1/collections', COLLECTION)).json);
  holds(views.transaction, (await api.get(`/v1/payouts/${payout.id}`)).json);
  holds(views.listOf(views.transaction), (await api.get('/v1/transactions')).json);
  const wallets = (await api.get('/v1/wallets')).json;
  holds(views.listOf(views.wallet), wallets);
  holds(views.wallet, (await api.get(`/v1/wallets/${payout.walletId}`)).json);
  holds(views.listOf(views.statementLine), (await api.get(`/v1/wallets/${payout.walletId}/statement`)).json);
  holds(
    views.collectionFees,
    (await api.post('/v1/collections/fees', { amount: '2000', currency: 'UGX', country: 'UG' })).json,
  );
  holds(views.payoutQuote, (await api.post('/v1/payouts/quote', { ...PAYOUT, recipient: undefined })).json);
  for (const country of (await api.get('/v1/payouts/countries')).json.data) holds(views.deliveryCountry, country);
  for (const bank of (await api.get('/v1/payouts/banks/NG')).json.data) holds(views.bank, bank);
  holds(views.transaction, (await api.post(`/v1/payouts/${payout.id}/cancel`, {})).json);
  const refunds = `/v1/collections/${await settledCollection(api.world)}/refunds`;
  holds(views.transaction, (await api.post(refunds, {})).json);
  holds(views.listOf(views.transaction), (await api.get(refunds)).json);
  holds(views.problem, (await api.post('/v1/payouts', {})).json);
  holds(views.problem, (await api.get('/nowhere')).json);
});

/** What a reference of the document stands for. */
function resolved(document: Answered['json'], value: unknown): unknown {
  const { $ref } = value as { $ref?: string };
  if ($ref === undefined) return value;
  return $ref
    .slice(2)
    .split('/')
    .reduce((at, part) => at[part], document);
}

test('every operation tells of its limits: the fields on all its answers, and a 429 with Retry-After', async () => {
  const document = (await api.get('/openapi.json', { key: null })).json;
  const named = (headers: Record<string, { $ref: string }>) =>
    Object.entries(headers).map(([name, { $ref }]) => {
      expect(document.components.headers[$ref.replace('#/components/headers/', '')]).toBeDefined();
      return name;
    });
  for (const [path, operations] of Object.entries(described)) {
    for (const { responses } of Object.values(operations)) {
      expect(Object.keys(responses), path).toContain('429');
      for (const [status, response] of Object.entries(responses)) {
        const always = ['X-Request-Id', 'RateLimit-Policy', 'RateLimit'];
        const { headers } = resolved(document, response) as { headers: Record<string, { $ref: string }> };
        expect(named(headers), `${path} ${status}`).toEqual(status === '429' ? [...always, 'Retry-After'] : always);
      }
    }
  }
  const answered = await api.get('/livez');
  for (const name of Object.keys(document.components.headers).filter((each) => each !== 'Retry-After'))
    expect(answered.headers.get(name), name).not.toBeNull();
});

test('the reference page takes everything from here, runs nothing inline, and sends requests only where no real money moves', async () => {
  const page = await api.get('/docs', { key: null });
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).not.toMatch(/unsafe|https?:|\*/);
  const addresses = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(addresses.length).toBeGreaterThan(4);
  for (const address of addresses) {
    const { origin, pathname } = new URL(address, `http://localhost${BASE}/docs`);
    expect([address, origin, pathname.startsWith(`${BASE}/`)]).toEqual([address, 'http://localhost', true]);
    expect((await api.get(pathname.slice(BASE.length), { key: null })).status, address).toBe(200);
  }
  const named = [...page.text.matchAll(/<b>(GET|POST) (\/v1\/[^<]+)<\/b>/g)];
  expect(named.length).toBeGreaterThan(3);
  for (const [, method = '', path = ''] of named) expect(described[path]).toHaveProperty(method.toLowerCase());
  expect(page.text).not.toMatch(/<script>|<style>| on\w+=| style=/);
  expect((await api.get('/docs/start.js', { key: null })).text).toContain(
    "supportedSubmitMethods: ['get', 'post', 'patch', 'delete']",
  );
  const live = await openApi({ env: { API_ENVIRONMENT: 'live', EVERSEND_WEBHOOK_SECRET: '0f4a9c81b7e2d35660fa' } });
  expect((await live.get('/docs/start.js', { key: null })).text).toContain('supportedSubmitMethods: []');
  await live.close();
});
