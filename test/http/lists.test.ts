// Lists: pages that neither lose nor repeat a row, filters, cursors that cannot be made up, and queries that are refused.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freezeWallet } from '../../src/merchants/wallet.ts';
import { type Api, COLLECTION, openApi, PAYOUT } from '../support/api.ts';

let api: Api;
const ids: string[] = [];
beforeAll(async () => {
  api = await openApi();
  await api.world.fund('UGX', 10n ** 12n);
  // All at once, so that several share a moment: the cursor has to tell them apart all the same.
  const created = await Promise.all(
    [...Array(12).keys()].map((n) =>
      n % 3 === 0
        ? api.post('/v1/collections', { ...COLLECTION, owner: `customer-${n}`, reference: 'INV-1' })
        : api.post('/v1/payouts', { ...PAYOUT, reference: `SAL-${n}` }),
    ),
  );
  ids.push(...created.map((answered) => answered.json.id));
});
afterAll(() => api.close());

const idsOf = (answered: { json: { data: { id: string }[] } }) => answered.json.data.map(({ id }) => id);

async function allPages(path: string): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await api.get(`${path}${cursor === null ? '' : `&cursor=${cursor}`}`);
    expect(page.status, page.text).toBe(200);
    found.push(
      ...page.json.data.map((row: Record<string, string>) => row['id'] ?? `${row['entryId']}:${row['account']}`),
    );
    cursor = page.json.nextCursor;
  } while (cursor !== null);
  return found;
}

test('pages of transactions hold every row once, newest first, whatever their size', async () => {
  const whole = idsOf(await api.get('/v1/transactions?limit=100'));
  expect(whole.toSorted()).toEqual(ids.toSorted());
  for (const limit of [1, 5, 11, 12]) expect(await allPages(`/v1/transactions?limit=${limit}`)).toEqual(whole);
});

test('filters keep what they say', async () => {
  const query = async (text: string) => (await api.get(`/v1/transactions?${text}`)).json.data.length;
  expect(await query('type=collection')).toBe(4);
  expect(await query('type=payout&status=accepted&currency=UGX')).toBe(8);
  expect(await query('status=settled')).toBe(0);
  expect(await query('owner=customer-3')).toBe(1);
  expect(await query('reference=INV-1')).toBe(4);
  expect(await query('reference=SAL-1&type=collection')).toBe(0);
  const now = Date.now();
  const at = (ms: number) => new Date(now + ms).toISOString();
  expect(await query(`from=${at(-60_000)}&to=${at(60_000)}`)).toBe(12);
  expect(await query(`to=${at(-60_000)}`)).toBe(0);
});

test('pages of wallets and of a statement hold every row once', async () => {
  const wallets = await allPages('/v1/wallets?limit=2');
  expect(new Set(wallets).size).toBe(5);
  expect(idsOf(await api.get('/v1/wallets?owner=customer-3'))).toHaveLength(1);
  expect(idsOf(await api.get('/v1/wallets?currency=KES'))).toEqual([]);
  const [own] = (await api.get('/v1/wallets?limit=1')).json.data;
  expect(own.owner).toBeNull();
  const lines = await allPages(`/v1/wallets/${own.id}/statement?limit=3`);
  expect(new Set(lines).size).toBe(17);
  expect(lines).toHaveLength(17);
});

test('a wallet shows what is available, what is held, and whether it is frozen', async () => {
  const { walletId } = (await api.post('/v1/payouts', PAYOUT)).json;
  const before = (await api.get(`/v1/wallets/${walletId}`)).json;
  await api.post('/v1/payouts', { ...PAYOUT, amount: '250' });
  const after = (await api.get(`/v1/wallets/${walletId}`)).json;
  expect(BigInt(before.available) - BigInt(after.available)).toBe(250n);
  expect(BigInt(after.held) - BigInt(before.held)).toBe(250n);
  const [newest] = (await api.get(`/v1/wallets/${walletId}/statement?limit=1`)).json.data;
  expect(newest).toMatchObject({ kind: 'hold', account: 'held', amount: '250', balance: after.held });
  await api.world.db.transaction((trx) => freezeWallet(trx, walletId));
  expect((await api.get(`/v1/wallets/${walletId}`)).json.status).toBe('frozen');
  const refused = await api.post('/v1/payouts', PAYOUT);
  expect([refused.status, refused.json.code]).toEqual([422, 'wallet_frozen']);
});

test('a payout that has not been sent is cancelled once and shown as it is afterwards; one that may have been is not', async () => {
  const owner = 'canceller';
  await api.world.fund('UGX', 1_000_000n, owner);
  const { id, walletId } = (await api.post('/v1/payouts', { ...PAYOUT, owner })).json;
  const cancelled = await api.post(`/v1/payouts/${id}/cancel`, {});
  expect([cancelled.status, cancelled.json.status]).toEqual([200, 'cancelled']);
  expect((await api.get(`/v1/wallets/${walletId}`)).json).toMatchObject({ available: '10000', held: '0' });
  expect((await api.post(`/v1/payouts/${id}/cancel`, {})).json.status).toBe('cancelled');
  const sent = (await api.post('/v1/payouts', { ...PAYOUT, owner })).json.id;
  await api.world.db('transactions').where({ id: sent }).update({ state: 'submitting' });
  const refused = await api.post(`/v1/payouts/${sent}/cancel`, {});
  expect([refused.status, refused.json.code]).toEqual([409, 'conflict']);
});

test('a cursor is good for its own list and its own merchant, and cannot be made up, shortened or bent', async () => {
  const cursor: string = (await api.get('/v1/transactions?limit=1')).json.nextCursor;
  const walletCursor: string = (await api.get('/v1/wallets?limit=1')).json.nextCursor;
  const stranger = await api.stranger();
  const last = cursor.at(-1) === 'A' ? 'B' : 'A';
  const plain = Buffer.from(`2026-01-01T00:00:00.000000Z ${ids[0]}`).toString('base64url');
  for (const bent of [
    cursor.slice(0, -1),
    `${cursor.slice(0, -1)}${last}`,
    `${cursor}A`,
    walletCursor,
    plain,
    'x',
    '0',
    'null',
    cursor.toLowerCase(),
  ]) {
    const answered = await api.get(`/v1/transactions?cursor=${bent}`);
    expect([answered.status, answered.json.errors?.[0].code], bent).toEqual([400, 'invalid_cursor']);
  }
  const foreign = await api.get(`/v1/transactions?cursor=${cursor}`, { key: stranger.secret });
  expect([foreign.status, foreign.json.errors[0].field]).toEqual([400, 'cursor']);
  const padded = await api.get(`/v1/transactions?cursor=${cursor}%3D%3D`);
  expect(padded.status).toBe(400);
});

test('queries that nobody meant are refused by the name of the parameter', async () => {
  const refused: [string, string][] = [
    ['limit=0', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=101', 'limit'],
    ['limit=1e9', 'limit'],
    ['limit=NaN', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=%31%30%30%30', 'limit'],
    ['limit=', 'limit'],
    ['limit=5&limit=6', 'limit'],
    ['limit[]=5', '(unreadable name)'],
    ['sort=amount;drop', 'sort'],
    ['order=desc', 'order'],
    ['Type=payout', 'Type'],
    ['type=payouts', 'type'],
    ['type=constructor', 'type'],
    ['status=done', 'status'],
    ['status=__proto__', 'status'],
    ['currency=ugx', 'currency'],
    ['owner=a%20b', 'owner'],
    ['owner=%00', 'owner'],
    [`reference=${'%25'.repeat(1000)}`, 'reference'],
    ['reference=%ff%fe', 'reference'],
    ['from=0000-00-00', 'from'],
    ['from=2026-13-01T00:00:00Z', 'from'],
    ['to=9999-12-31T00:00:00Z', 'to'],
    ['from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
    ['cursor=(select%201)', 'cursor'],
    ['__proto__=x', '__proto__'],
    ['constructor=x', 'constructor'],
    [`api_key=${'x'.repeat(40)}`, 'api_key'],
    ['%F0%9F%99%82=1', '(unreadable name)'],
  ];
  for (const [query, field] of refused) {
    const answered = await api.get(`/v1/transactions?${query}`);
    expect([answered.status, answered.json?.errors?.[0]?.field], query).toEqual([400, field]);
  }
  // Harmless text that would mean something to SQL finds nothing, and breaks nothing.
  for (const text of ["'", "';--", "')%20or%201=1", '$1', '%5C', '%25', '_', '%22']) {
    const answered = await api.get(`/v1/transactions?reference=${text}`);
    expect(answered.status === 400 || answered.json.data.length === 0, text).toBe(true);
  }
  for (const path of ['/v1/wallets/x?y=1', '/v1/payouts/countries?x', '/livez?x=1'])
    expect((await api.get(path)).status).toBe(400);
  expect((await api.post('/v1/payouts?dry=true', PAYOUT)).status).toBe(400);
});

test('a statement is kept to a span, as pages and as a file, and the file is the pages', async () => {
  const owner = 'spanned';
  const walletId = await api.world.fund('UGX', 10_000_000n, owner);
  for (let n = 0; n < 6; n += 1) await api.post('/v1/payouts', { ...PAYOUT, owner, amount: '10' });
  const path = `/v1/wallets/${walletId}/statement`;
  const whole = (await api.get(`${path}?limit=100`)).json.data;
  expect(whole).toHaveLength(13);
  const file = await api.get(`${path}.csv`);
  expect([file.status, file.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
  expect(file.headers.get('content-disposition')).toBe(`attachment; filename="statement-${walletId}.csv"`);
  const [header, ...lines] = file.text.trimEnd().split('\r\n');
  expect(header).toBe('at,account,kind,amount,balance,currency,transactionId,reference,entryId');
  expect(lines).toEqual(
    whole.map((line: Record<string, string>) =>
      [
        line['at'],
        line['account'],
        line['kind'],
        line['amount'],
        line['balance'],
        'UGX',
        line['transactionId'] ?? '',
        line['reference'],
        line['entryId'],
      ].join(','),
    ),
  );
  // Two lines for each hold, at the moment of its commit: the span from the third on, and what came before it.
  const third = new Date(whole[5].at).toISOString();
  const since = (await api.get(`${path}?limit=100&from=${third}`)).json.data;
  const until = (await api.get(`${path}?limit=100&to=${third}`)).json.data;
  expect([...since, ...until]).toEqual(whole);
  expect(since.length).toBeGreaterThan(0);
  expect((await api.get(`${path}.csv?to=2026-01-01T00:00:00Z`)).text.trimEnd().split('\r\n')).toHaveLength(1);
  const reversed = await api.get(`${path}.csv?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z`);
  expect([reversed.status, reversed.json.errors[0].field]).toEqual([400, 'to']);
  const { secret: key } = await api.stranger();
  expect((await api.get(`${path}.csv`, { key })).status).toBe(404);
});
