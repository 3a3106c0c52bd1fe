// Lists of transactions: however filters are combined, an index answers, and a page costs no more than a page, however much there is.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAlone } from '../../src/db/knex.ts';
import { listQueries, type TransactionFilters } from '../../src/transactions/list.ts';
import { type Api, COLLECTION, openApi, PAYOUT } from '../support/api.ts';
import { worked } from '../support/bulk.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
  await api.world.fund('UGX', 10n ** 12n);
  await api.world.fund('KES', 10n ** 12n);
});
afterAll(() => api.close());

const found = async (query: string): Promise<string[]> => {
  const page = await api.get(`/v1/transactions?limit=100&${query}`);
  expect(page.status, page.text).toBe(200);
  return page.json.data.map(({ reference }: { reference: string }) => reference);
};

test('a transaction is found by its account, the provider’s id, its amount, country, method and bulk', async () => {
  const phone = '+256712345670';
  await api.post('/v1/payouts', {
    ...PAYOUT,
    recipient: { ...PAYOUT.recipient, phone },
    reference: 'BY-PHONE',
    amount: '777',
  });
  await api.post('/v1/collections', { ...COLLECTION, phone, reference: 'COLLECTED', amount: '5000' });
  const email = {
    amount: '20',
    currency: 'KES',
    method: 'eversend',
    recipient: { email: 'ada@example.com' },
    reference: 'MAILED',
  };
  const { id } = (await api.post('/v1/payouts', email)).json;
  await api.world.db('transactions').where({ id }).update({ provider_transaction_id: "BP'1" });
  const bulk = (await api.post('/v1/payouts/bulk', { payouts: [{ ...PAYOUT, reference: 'IN-BULK' }] })).json;
  await worked(api, bulk.id);
  const plus = encodeURIComponent(phone);
  expect(await found(`accountNumber=${plus}`)).toEqual(['COLLECTED', 'BY-PHONE']);
  expect(await found(`accountNumber=${plus}&type=payout`)).toEqual(['BY-PHONE']);
  expect(await found('accountNumber=ada@example.com')).toEqual(['MAILED']);
  expect(await found('accountNumber=%2B25671234567')).toEqual([]);
  expect(await found("providerTransactionId=BP'1")).toEqual(['MAILED']);
  expect(await found(`bulkId=${bulk.id}`)).toEqual(['IN-BULK']);
  expect(await found(`bulkId=${bulk.id}&accountNumber=${plus}`)).toEqual([]);
  expect(await found('method=eversend')).toEqual(['MAILED']);
  expect(await found('country=UG&method=momo&type=collection')).toEqual(['COLLECTED']);
  expect(await found('currency=UGX&minAmount=700&maxAmount=777')).toEqual(['BY-PHONE']);
  expect(await found('currency=UGX&minAmount=0&maxAmount=0')).toEqual([]);
  const { secret: key } = await api.stranger();
  for (const query of [`accountNumber=${plus}`, "providerTransactionId=BP'1", `bulkId=${bulk.id}`, 'reference=MAILED'])
    expect((await api.get(`/v1/transactions?${query}`, { key })).json.data, query).toEqual([]);
});

test('filters that nobody meant are refused by their name', async () => {
  for (const [query, field] of [
    ['minAmount=5', 'currency'],
    ['currency=UGX&minAmount=1.5', 'minAmount'],
    ['currency=UGX&minAmount=-1', 'minAmount'],
    ['currency=UGX&maxAmount=1e9', 'maxAmount'],
    ['currency=UGX&minAmount=7&maxAmount=6', 'maxAmount'],
    ['country=ug', 'country'],
    ['method=MOMO', 'method'],
    ['bulkId=bu1', 'bulkId'],
    ['accountNumber=+256712345678', 'accountNumber'],
    ['accountNumber=%00', 'accountNumber'],
    [`providerTransactionId=${'x'.repeat(101)}`, 'providerTransactionId'],
  ]) {
    const answered = await api.get(`/v1/transactions?${query}`);
    expect([answered.status, answered.json.errors?.[0]?.field], query).toEqual([400, field]);
  }
});

test('however filters are combined, an index answers', async () => {
  const each: Partial<TransactionFilters>[] = [
    { type: 'payout' },
    { status: 'failed' },
    { status: 'settled' },
    { currency: 'UGX', minAmountMinor: 1n, maxAmountMinor: 2n },
    { country: 'UG', method: 'momo' },
    { owner: 'x' },
    { reference: 'x' },
    { accountNumber: 'x' },
    { providerTransactionId: 'x' },
    { bulkId: 'x' },
    { from: new Date(0), to: new Date() },
    { cursor: Buffer.from(`2026-01-01T00:00:00.000000Z po${'0'.repeat(26)}`).toString('base64url') },
  ];
  const { merchantId } = api.world;
  // Up to three of them, or all but one at most: what lies between asks for nothing else.
  for (let set = 0; set < 2 ** each.length; set += 1) {
    const chosen = each.filter((_, bit) => (set >> bit) & 1);
    if (chosen.length > 3 && chosen.length < each.length - 1) continue;
    const filters = Object.assign({ limit: 25 }, ...chosen) as TransactionFilters;
    const walletIds = filters.owner === undefined ? null : ['wa1', 'wa2'];
    for (const { text, values } of Object.values(listQueries(api.world, { merchantId, walletIds, filters }))) {
      const plan = await runAlone(api.world.db, { name: '', text: `EXPLAIN ${text}` }, values);
      if (/Seq Scan/.test(JSON.stringify(plan)))
        expect.fail(`${JSON.stringify(filters)}: ${JSON.stringify(plan, null, 1)}`);
    }
  }
});
