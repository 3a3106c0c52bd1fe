// Earnings as their merchant reads them: each once over all pages, and sums that are the sums of what is listed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, openApi, PAYOUT } from '../support/api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
  await api.world.fund('UGX', 10n ** 12n);
  const rows: object[] = [];
  for (let n = 0; n < 9; n += 1) {
    const { id: transaction_id } = (await api.post('/v1/payouts', PAYOUT)).json;
    const row = { transaction_id, merchant_id: api.world.merchantId, currency: n < 6 ? 'UGX' : 'KES', step: 'settle' };
    // Three at one moment, and three moments a month apart.
    const earned_at = new Date(Date.UTC(2026, 6 + (n % 3), 15, 23, 59, 59, 999));
    rows.push({ ...row, kind: 'service_fee', amount_minor: 3050, earned_at });
    rows.push({ ...row, kind: 'commission', amount_minor: 600, earned_at });
    if (n === 0) rows.push({ ...row, kind: 'service_fee', step: 'reverse', amount_minor: -3050, earned_at });
  }
  await api.world.db('earnings').insert(rows);
});
afterAll(() => api.close());

const all = async (query = ''): Promise<Record<string, string>[]> => {
  const found: Record<string, string>[] = [];
  let cursor: string | null = null;
  do {
    const page = await api.get(`/v1/earnings?limit=4${query}${cursor === null ? '' : `&cursor=${cursor}`}`);
    expect(page.status, page.text).toBe(200);
    found.push(...page.json.data);
    cursor = page.json.nextCursor;
  } while (cursor !== null);
  return found;
};

test('pages hold every earning once, newest first, and filters keep what they say', async () => {
  const listed = await all();
  expect(new Set(listed.map((each) => JSON.stringify(each))).size).toBe(19);
  expect(listed).toHaveLength(19);
  expect(listed.map((each) => each['earnedAt'])).toEqual(
    listed
      .map((each) => each['earnedAt'])
      .toSorted()
      .reverse(),
  );
  expect(await all('&kind=commission&currency=KES')).toHaveLength(3);
  expect(await all('&from=2026-08-15T23:59:59Z&to=2026-09-01T00:00:00Z')).toHaveLength(6);
  const { secret: key } = await api.stranger();
  expect((await api.get('/v1/earnings', { key })).json.data).toEqual([]);
  const cursor = (await api.get('/v1/earnings?limit=1')).json.nextCursor;
  expect((await api.get(`/v1/earnings?cursor=${cursor}`, { key })).status).toBe(400);
});

test('the summary adds up by kind, currency and period, and returns are taken off', async () => {
  const span = 'from=2026-07-01T00:00:00Z&to=2026-10-01T00:00:00Z';
  const { data } = (await api.get(`/v1/earnings/summary?by=month&${span}`)).json;
  expect(data).toHaveLength(12);
  expect(data[0]).toEqual({ period: '2026-09-01', kind: 'commission', currency: 'KES', count: 1, amount: '6' });
  expect(data).toContainEqual({ period: '2026-07-01', kind: 'service_fee', currency: 'UGX', count: 2, amount: '30.5' });
  const days = (await api.get(`/v1/earnings/summary?kind=commission&currency=UGX&${span}`)).json.data;
  expect(days.map(({ period }: { period: string }) => period)).toEqual(['2026-09-15', '2026-08-15', '2026-07-15']);
  const tooLong = await api.get('/v1/earnings/summary?from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z');
  expect([tooLong.status, tooLong.json.errors[0].field]).toEqual([400, 'from']);
  expect((await api.get('/v1/earnings/summary')).status).toBe(200);
});
