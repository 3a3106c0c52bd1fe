// Erasing a person: nothing of them is left anywhere, no sum changes, and nothing is erased while money may still move.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { inTransaction } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { sealPerson } from '../../src/merchants/person.ts';
import { eraseAsked, eraseLateEvents, erasePerson } from '../../src/personal-data/erase.ts';
import { signWebhook } from '../../src/provider/eversend/signature.ts';
import { type Api, openApi, PAYOUT } from '../support/api.ts';
import { payoutRows, worked } from '../support/bulk.ts';

let api: Api;
let eraser: string;
const ACCOUNT = '+256712345678';
const NAMES = ['Nambooze', 'Kyeyune'];
const payout = {
  ...PAYOUT,
  recipient: { firstName: NAMES[0], lastName: NAMES[1], phone: ACCOUNT },
  metadata: { to: 'for Nambooze', phone: '0712 345 678', '256712345678': 'yes', order: '7' },
};
beforeAll(async () => {
  api = await openApi();
  await api.world.fund('UGX', 10n ** 12n);
  eraser = await api.key({ scopes: ['personal_data:erase'] });
});
afterAll(() => api.close());
beforeEach(() => api.world.db('webhook_events').update({ body: null }));

const ask = (account = ACCOUNT, key = eraser) =>
  api.post('/v1/personal-data/erasures', { account, reason: `owner of ${ACCOUNT} asked` }, { key });
const cancel = (id: string) => api.post(`/v1/payouts/${id}/cancel`, {});

async function payOut(of: object = {}, key = newId('event')) {
  const answered = await api.post('/v1/payouts', { ...payout, ...of }, { idempotencyKey: key });
  expect(answered.status, answered.text).toBe(202);
  return { id: answered.json.id as string, key, text: answered.text };
}

/** Every row of every table as text, with what is sealed opened: nothing is hidden from this. */
async function everything(): Promise<string> {
  const { db, vault } = api.world;
  const { rows: tables } = await db.raw(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'schema_%'`,
  );
  const texts: string[] = [];
  for (const { name } of tables)
    for (const row of await db(name).select())
      for (const value of Object.values(row)) {
        texts.push(
          Buffer.isBuffer(value)
            ? value.toString('latin1')
            : (JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)) ?? ''),
        );
        if (Buffer.isBuffer(value) && value.length > 32) texts.push(vault.open(value));
      }
  return texts.join('\n');
}

test('a person is erased from payments, beneficiaries, answers and what the provider told, and no sum changes', async () => {
  const { world } = api;
  const { id, key } = await payOut({ reference: ACCOUNT });
  await cancel(id);
  const body = Buffer.from(
    JSON.stringify({ transactionRef: id, status: 'FAILED', phone: ACCOUNT, name: NAMES.join(' ') }),
  );
  await api.call('POST', '/webhooks/eversend', {
    key: null,
    body,
    headers: { 'x-eversend-signature': signWebhook(body, 'webhook-secret', 'sha512') },
  });
  const { method, country, recipient } = payout;
  const saved = await api.post('/v1/beneficiaries', { method, country, recipient, reference: ACCOUNT });
  const beneficiary = saved.json.id;
  for (const word of [ACCOUNT, ...NAMES]) expect(await everything()).toContain(word);

  const answered = await ask();
  expect([answered.status, answered.json]).toEqual([200, { erased: 2, postponed: [] }]);

  const left = await everything();
  for (const word of [ACCOUNT, ACCOUNT.slice(1), '712 345 678', ...NAMES]) expect(left).not.toContain(word);
  const seen = (await api.get(`/v1/transactions/${id}`)).json;
  expect(seen).toMatchObject({ accountNumber: null, reference: null, metadata: { order: '7' }, amount: '1000' });
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  expect((await api.get(`/v1/beneficiaries/${beneficiary}`)).status).toBe(404);
  // The key is still taken: a late repetition is answered, not paid again.
  const again = await api.post('/v1/payouts', { ...payout, reference: ACCOUNT }, { idempotencyKey: key });
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(again.json).toMatchObject({ id, accountNumber: null });
  expect(JSON.stringify(api.lines)).not.toContain(ACCOUNT);
  const [row] = await world.db('audit_log').where({ action: 'personal_data.erase' }).orderBy('id', 'desc');
  expect(row).toMatchObject({ subject: world.merchantId, reason: 'owner of … asked' });
  expect(row.detail.subjects.toSorted()).toEqual([beneficiary, id].toSorted());
  expect((await ask()).json).toEqual({ erased: 0, postponed: [] });
});

test('while money may move the erasure waits, says for what, and happens once it has ended', async () => {
  const [open, ended] = [await payOut(), await payOut()];
  await cancel(ended.id);
  const first = await ask();
  expect(first.json).toMatchObject({ erased: 1, postponed: [{ id: open.id, status: 'accepted' }] });
  expect((await api.get(`/v1/transactions/${open.id}`)).json.accountNumber).toBe(ACCOUNT);
  const { db, vault } = api.world;
  expect(await eraseAsked(db, vault)).toBe(0);
  await cancel(open.id);
  expect(await eraseAsked(db, vault)).toBe(1);
  expect((await api.get(`/v1/transactions/${open.id}`)).json.accountNumber).toBeNull();
  expect(await everything()).not.toContain(ACCOUNT);
});

test('what the provider tells of an erased person later is erased as well, under whichever id, and nothing else is', async () => {
  const { db } = api.world;
  const [gone, kept] = [await payOut(), await payOut({ recipient: { ...payout.recipient, phone: '+256772000002' } })];
  await cancel(gone.id);
  await db('transactions').where({ id: gone.id }).update({ provider_transaction_id: 'BP-gone' });
  await ask();
  for (const named of [{ transactionRef: gone.id }, { transactionId: 'BP-gone' }, { transactionRef: kept.id }]) {
    const body = Buffer.from(JSON.stringify({ ...named, status: 'REVERSED', phone: ACCOUNT }));
    const headers = { 'x-eversend-signature': signWebhook(body, 'webhook-secret', 'sha512') };
    expect((await api.call('POST', '/webhooks/eversend', { key: null, body, headers })).status).toBe(200);
  }
  await eraseLateEvents(db);
  const left = await db('webhook_events').whereNotNull('body').select('reference');
  expect(left).toEqual([{ reference: kept.id }]);
});

test('only the merchant who asks forgets, and only whom it asks about', async () => {
  const [mine, other] = [await payOut(), await payOut({ recipient: { ...payout.recipient, phone: '+256772000001' } })];
  await cancel(mine.id);
  await cancel(other.id);
  const stranger = await api.stranger();
  const theirs = await api.key({ merchantId: stranger.merchantId, scopes: ['personal_data:erase'] });
  expect((await ask(ACCOUNT, theirs)).json).toEqual({ erased: 0, postponed: [] });
  expect((await api.get(`/v1/transactions/${mine.id}`)).json.accountNumber).toBe(ACCOUNT);
  expect((await ask()).json.erased).toBe(1);
  expect((await api.get(`/v1/transactions/${other.id}`)).json.accountNumber).toBe('+256772000001');
  expect((await ask(ACCOUNT, api.secret)).json.code).toBe('insufficient_scope');
});

test('two who erase at once and many rows end with everything erased once', async () => {
  const { db, vault, merchantId } = api.world;
  const { sealed, accountHash } = sealPerson(vault, { phone: '+256772000009' });
  const rows = Array.from({ length: 250 }, (_, n) => ({
    subject_id: `zz${n}`,
    merchant_id: merchantId,
    sealed,
    account_hash: accountHash,
  }));
  await inTransaction(db, async (trx) => void (await trx.batchInsert('personal_data', rows)));
  const erase = () =>
    erasePerson(db, vault, {
      merchantId,
      account: '+256772000009',
      reason: 'both',
      actor: { actor: 'test', clientAddress: null },
    });
  const both = await Promise.all([erase(), erase()]);
  await eraseAsked(db, vault);
  expect(both.reduce((sum, { erased }) => sum + erased, 0)).toBe(250);
  expect(await db('personal_data').where('subject_id', 'like', 'zz%').whereNotNull('sealed')).toEqual([]);
});

test('a file of payouts does not go on naming whom its rows had paid, and the trace repeats the account in no letters', async () => {
  const phone = '+256712000077';
  const named = (row: number) =>
    row === 1 ? { reference: phone, recipient: { ...PAYOUT.recipient, phone } } : { reference: `KEPT-${row}` };
  const sent = await api.post('/v1/payouts/bulk', { payouts: payoutRows(2, named) });
  await worked(api, sent.json.id);
  const { db } = api.world;
  const rows = () => db('bulk_rows').where({ bulk_id: sent.json.id }).orderBy('number');
  for (const { payout_id: id } of await rows()) await cancel(id);
  expect((await ask(phone)).json).toEqual({ erased: 1, postponed: [] });
  expect((await rows()).map(({ reference }) => reference)).toEqual([null, 'KEPT-2']);
  expect(await everything()).not.toContain(phone);
  const body = { account: 'JaneDoe77', reason: 'owner of janedoe77 asked' };
  await api.post('/v1/personal-data/erasures', body, { key: eraser });
  const [row] = await db('audit_log').where({ action: 'personal_data.erase' }).orderBy('id', 'desc');
  expect(row.reason).toBe('owner of … asked');
});

test('who is named by a row of a file that still waits is postponed, and erased once its payout has ended', async () => {
  const phone = '+256712000078';
  const named = (row: number) => (row === 2 ? { recipient: { ...PAYOUT.recipient, phone } } : {});
  const sent = await api.post('/v1/payouts/bulk', { payouts: payoutRows(3, named) });
  const { db, vault } = api.world;
  const [row] = await db('bulk_rows').where({ bulk_id: sent.json.id, number: 2 });
  expect((await ask(phone)).json).toEqual({
    erased: 0,
    postponed: [{ id: row.payout_id, status: 'accepted', dueAt: null }],
  });
  await worked(api, sent.json.id);
  await cancel(row.payout_id);
  expect(await eraseAsked(db, vault)).toBe(1);
  expect((await api.get(`/v1/payouts/${row.payout_id}`)).json).toMatchObject({ accountNumber: null });
  expect(await everything()).not.toContain(phone);
});
