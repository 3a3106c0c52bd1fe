// Two merchants and every route there is: neither learns a byte of the other's, nor changes one. A new route needs a case here.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type IdKind, newId } from '../../src/ids.ts';
import { SCOPES } from '../../src/merchants/api-key.ts';
import { openWallet } from '../../src/merchants/wallet.ts';
import { type Api, COLLECTION, openApi, PAYOUT } from '../support/api.ts';
import { ROUTES } from '../support/routes.ts';

let api: Api;
let stranger: { merchantId: string; secret: string };
const mine: Partial<Record<IdKind, string>> = {};
const MARK = 'Nakirijja';
const PHONE = '+256781234567';

beforeAll(async () => {
  api = await openApi();
  const { world } = api;
  mine.wallet = await world.fund('UGX', 10n ** 12n);
  const recipient = { ...PAYOUT.recipient, lastName: MARK, phone: PHONE };
  const answers = [
    await api.post('/v1/payouts', { ...PAYOUT, recipient, reference: MARK, metadata: { of: MARK } }),
    await api.post('/v1/collections', { ...COLLECTION, phone: PHONE, owner: MARK }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  mine.payout = answers[0]?.json.id;
  mine.collection = answers[1]?.json.id;
  const bulk = { payouts: [{ ...PAYOUT, recipient, reference: MARK }], reference: MARK };
  mine.bulk = (await api.post('/v1/payouts/bulk', bulk)).json.id;
  mine.apiKey = (await world.db('api_keys').where({ merchant_id: world.merchantId }).first()).id;
  const { method, country } = PAYOUT;
  mine.beneficiary = (await api.post('/v1/beneficiaries', { method, country, recipient })).json.id;
  const endpoint = await api.post('/v1/webhook-endpoints', { url: `https://93.184.216.34/${MARK}` });
  mine.webhookEndpoint = endpoint.json.id;
  await api.post(`/v1/webhook-endpoints/${mine.webhookEndpoint}/ping`, {});
  mine.delivery = (await world.db('deliveries').first()).id;
  stranger = await api.stranger();
  await world.db.transaction((trx) => openWallet(trx, { merchantId: stranger.merchantId, owner: '', currency: 'UGX' }));
});
afterAll(() => api.close());

/** What the `{id}` of each route names, and a body that the route would take. A route that is missing here fails the tests. */
const WITH_ID: Readonly<Record<string, { readonly kind: IdKind; readonly body?: object }>> = {
  'GET /v1/payouts/{id}': { kind: 'payout' },
  'POST /v1/payouts/{id}/cancel': { kind: 'payout' },
  'POST /v1/payouts/{id}/approve': { kind: 'payout' },
  'POST /v1/collections/{id}/refunds': { kind: 'collection', body: {} },
  'GET /v1/collections/{id}/refunds': { kind: 'collection' },
  'GET /v1/beneficiaries/{id}': { kind: 'beneficiary' },
  'DELETE /v1/beneficiaries/{id}': { kind: 'beneficiary' },
  'GET /v1/collections/{id}': { kind: 'collection' },
  'GET /v1/transactions/{id}': { kind: 'payout' },
  'GET /v1/wallets/{id}': { kind: 'wallet' },
  'GET /v1/wallets/{id}/statement': { kind: 'wallet' },
  'GET /v1/wallets/{id}/statement.csv': { kind: 'wallet' },
  'GET /v1/payouts/bulk/{id}': { kind: 'bulk' },
  'GET /v1/payouts/bulk/{id}/rows': { kind: 'bulk' },
  'GET /v1/payouts/bulk/{id}/report': { kind: 'bulk' },
  'POST /v1/payouts/bulk/{id}/retry': { kind: 'bulk', body: {} },
  'POST /v1/payouts/bulk/{id}/cancel': { kind: 'bulk' },
  'POST /v1/api-keys/{id}/rotate': { kind: 'apiKey', body: {} },
  'POST /v1/api-keys/{id}/revoke': { kind: 'apiKey' },
  'GET /v1/webhook-endpoints/{id}': { kind: 'webhookEndpoint' },
  'PATCH /v1/webhook-endpoints/{id}': { kind: 'webhookEndpoint', body: { description: 'mine now' } },
  'DELETE /v1/webhook-endpoints/{id}': { kind: 'webhookEndpoint' },
  'POST /v1/webhook-endpoints/{id}/rotate': { kind: 'webhookEndpoint', body: {} },
  'POST /v1/webhook-endpoints/{id}/enable': { kind: 'webhookEndpoint' },
  'POST /v1/webhook-endpoints/{id}/ping': { kind: 'webhookEndpoint', body: {} },
  'POST /v1/webhook-endpoints/{id}/replay': {
    kind: 'webhookEndpoint',
    body: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' },
  },
  'GET /v1/webhook-endpoints/{id}/deliveries': { kind: 'webhookEndpoint' },
  'GET /v1/webhook-endpoints/{id}/deliveries/{deliveryId}': { kind: 'webhookEndpoint' },
  'POST /v1/webhook-endpoints/{id}/deliveries/{deliveryId}/resend': { kind: 'webhookEndpoint', body: {} },
};

/** Bodies that name something of the other merchant, and what is answered; null: the body can name nothing. */
const IN_BODIES: Readonly<Record<string, (() => { body: object; status: number }) | null>> = {
  'POST /v1/beneficiaries': null,
  'POST /v1/beneficiaries/verify': () => ({ body: { beneficiaryId: mine.beneficiary }, status: 400 }),
  'POST /v1/collections': null,
  'POST /v1/collections/fees': null,
  'POST /v1/collections/otp': null,
  'POST /v1/payouts': () => {
    const { recipient: _, ...rest } = PAYOUT;
    return { body: { ...rest, beneficiaryId: mine.beneficiary }, status: 400 };
  },
  'POST /v1/payouts/quote': null,
  'POST /v1/payouts/bulk': () => {
    const { recipient: _, ...rest } = PAYOUT;
    return { body: { payouts: [{ ...rest, beneficiaryId: mine.beneficiary }], hold: 'total' }, status: 400 };
  },
  'POST /v1/webhook-endpoints': null,
  'POST /v1/personal-data/erasures': () => ({ body: { account: PHONE, reason: 'not theirs' }, status: 200 }),
};

const OPERATIONS = ROUTES.filter(({ scope }) => scope !== null);

/** All that the merchant has, row by row. */
async function possessions(): Promise<string> {
  const { rows: tables } = await api.world.db.raw(
    `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'merchant_id' ORDER BY 1`,
  );
  const all: unknown[] = [];
  for (const { name } of tables) {
    const { rows } = await api.world.db.raw(`SELECT t::text AS row FROM ${name} t WHERE merchant_id = ? ORDER BY 1`, [
      api.world.merchantId,
    ]);
    // When a key was last used is written down in the background.
    if (name !== 'api_keys') all.push(name, rows);
  }
  const keys = await api.world.db('api_keys').select('id', 'revoked_at', 'expires_at').orderBy('id');
  return JSON.stringify([all, keys.filter(({ id }) => id === mine.apiKey)]);
}

const REQUEST_ID = { 'x-request-id': 'the-same-for-all' };

test('every route has its case', async () => {
  const known = new Set([...Object.keys(WITH_ID), ...Object.keys(IN_BODIES)]);
  const lists = (of: (typeof OPERATIONS)[number]) => of.method === 'GET' && !of.path.includes('{id}');
  for (const of of OPERATIONS)
    if (!lists(of)) expect(known.has(of.name), `route ${of.name} has no tenant case`).toBe(true);
});

test('ids of another merchant, of nobody, and what is no id are answered 404 with the same bytes, whatever the scope', async () => {
  const before = await possessions();
  const everything = await api.key({ merchantId: stranger.merchantId, scopes: SCOPES });
  for (const { name, method, path, scope } of OPERATIONS.filter((of) => of.path.includes('{id}'))) {
    const { kind, body } = WITH_ID[name] ?? {};
    const id = mine[kind ?? 'payout'];
    expect(id, `${name}: the test makes none of these`).toBeDefined();
    const ids = [
      id,
      newId(kind ?? 'payout'),
      'x',
      '1 ',
      '..%2f..',
      '%00',
      "' OR 1=1--",
      id?.toLowerCase(),
      `{${id}}`,
      '%ff',
      '__proto__',
    ];
    const answers = [];
    for (const each of ids) {
      const options = { key: everything, headers: REQUEST_ID, ...(body === undefined ? {} : { body }) };
      answers.push(
        await api.call(
          method,
          path.replace('{id}', String(each)).replace('{deliveryId}', String(mine.delivery)),
          options,
        ),
      );
    }
    expect(
      answers.map((one) => one.status),
      name,
    ).toEqual(ids.map(() => 404));
    expect(new Set(answers.map((one) => one.text)).size, name).toBe(1);
    for (const other of SCOPES.filter((each) => each !== scope)) {
      const key = await api.key({ merchantId: stranger.merchantId, scopes: [other] });
      const options = { key, ...(body === undefined ? {} : { body }) };
      expect(
        (
          await api.call(
            method,
            path.replace('{id}', String(id)).replace('{deliveryId}', String(mine.delivery)),
            options,
          )
        ).status,
        `${name} with ${other}`,
      ).toBe(403);
    }
  }
  expect(await possessions()).toBe(before);
});

test("bodies that name another merchant's things change nothing of his", async () => {
  const before = await possessions();
  const key = await api.key({ merchantId: stranger.merchantId, scopes: SCOPES });
  for (const [name, of] of Object.entries(IN_BODIES)) {
    if (of === null) continue;
    const { body, status } = of();
    const answered = await api.post(name.slice('POST '.length), body, { key });
    expect([name, answered.status, answered.text.includes(MARK)]).toEqual([name, status, false]);
  }
  expect(await possessions()).toBe(before);
});

test('no list, filter or cursor shows a byte of another merchant', async () => {
  const key = await api.key({ merchantId: stranger.merchantId, scopes: SCOPES });
  const secrets = [...Object.values(mine), MARK, PHONE, api.world.merchantId];
  const theirs = await api.get('/v1/transactions?limit=1');
  for (const { name, path } of OPERATIONS.filter((of) => of.method === 'GET' && !of.path.includes('{id}'))) {
    const filled = path.replace('{country}', 'UG');
    const queries = ['', `?owner=${MARK}`, `?reference=${MARK}`, '?limit=100', `?cursor=${theirs.json.nextCursor}`];
    for (const query of queries) {
      const { text } = await api.get(filled + query, { key });
      for (const secret of secrets) expect(text, `${name}${query}`).not.toContain(secret);
    }
  }
  expect((await api.get(`/v1/collections/${mine.payout}`)).status).toBe(404);
  expect((await api.get(`/v1/payouts/${mine.collection}`)).status).toBe(404);
});
