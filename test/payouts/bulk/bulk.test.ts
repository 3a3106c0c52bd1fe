// Bulk payouts: every row judged in a single payout's words, each paid once at most, and all of it resumed wherever it was cut.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectionFlow } from '../../../src/collections/flow.ts';
import { verifyLedger } from '../../../src/ledger/verify.ts';
import { setApprovalLimit } from '../../../src/merchants/approval-limit.ts';
import { freezeWallet } from '../../../src/merchants/wallet.ts';
import { workOnBulk } from '../../../src/payouts/bulk/work.ts';
import { payoutFlow } from '../../../src/payouts/flow.ts';
import { addSchedule } from '../../../src/pricing/fee-schedule.ts';
import { checkReturns } from '../../../src/reconciliation/returns.ts';
import { advance } from '../../../src/transactions/advance.ts';
import { sweepOnce } from '../../../workers/sweep.ts';
import { type Api, openApi, PAYOUT } from '../../support/api.ts';
import { csvOf, payoutRows, worked } from '../../support/bulk.ts';

let api: Api;
beforeEach(async () => {
  api = await openApi();
});
afterEach(async () => {
  expect((await verifyLedger(api.world.db)).problems).toEqual([]);
  await api.close();
});

const send = (payouts: readonly object[], more: object = {}, idempotencyKey = randomBytes(12).toString('hex')) =>
  api.post('/v1/payouts/bulk', { payouts, ...more }, { idempotencyKey });
const rowsOf = async (id: string, query = '') =>
  (await api.get(`/v1/payouts/bulk/${id}/rows?limit=100${query}`)).json.data;
const wallet = async (owner = '') =>
  (await api.get('/v1/wallets')).json.data.find((each: { owner: string | null }) => (each.owner ?? '') === owner);

describe('a file of which every row stands for itself', () => {
  test('makes payouts of the good rows and names what is wrong with the others', async () => {
    await api.world.fund('UGX', 10_000_000n);
    const bad = new Map([
      [3, { amount: '1.5' }],
      [5, { recipient: { ...PAYOUT.recipient, phone: '+254712345678' } }],
      [7, { country: 'UK', nonsense: 1 }],
    ]);
    const answered = await send(
      payoutRows(8, (row) => bad.get(row) ?? {}),
      { reference: 'PAYROLL' },
    );
    expect([answered.status, answered.json]).toMatchObject([
      202,
      {
        status: 'accepting',
        hold: 'each',
        rows: 8,
        accepted: 5,
        refused: 3,
        states: { waiting: 5 },
        reference: 'PAYROLL',
      },
    ]);
    const { id } = answered.json;
    expect(api.world.rung).toEqual([{ queue: 'bulk', id, generation: 1 }]);
    const after = await worked(api, id);
    expect(after).toMatchObject({ status: 'processing', accepted: 5, refused: 3, states: { accepted: 5 } });
    expect(after.totals).toEqual([{ currency: 'UGX', amount: '5000', fee: '0', held: '5000', settled: '0' }]);
    expect(await wallet()).toMatchObject({ available: '95000', held: '5000' });
    const single = await api.post('/v1/payouts', { ...PAYOUT, amount: '1.5' });
    const refused = await rowsOf(id, '&status=refused');
    expect(refused.map(({ row, transactionId }: { row: number; transactionId: null }) => [row, transactionId])).toEqual(
      [
        [3, null],
        [5, null],
        [7, null],
      ],
    );
    expect(refused[0].errors).toEqual(single.json.errors);
    expect(refused[1].errors).toMatchObject([{ field: 'recipient.phone', code: 'wrong_country' }]);
    expect(refused[2].errors.map(({ field }: { field: string }) => field)).toContain('nonsense');
    const paid = (await rowsOf(id, '&status=accepted')).map(
      ({ transactionId }: { transactionId: string }) => transactionId,
    );
    const bells = api.world.rung.filter(({ queue }) => queue === 'payouts').map((bell) => bell.id);
    expect(bells).toEqual(paid);
    expect((await api.get(`/v1/payouts/${paid[0]}`)).json).toMatchObject({ status: 'accepted', reference: 'ROW-1' });
  });

  test('gives each row its money as long as there is some, in the order of the file', async () => {
    await api.world.fund('UGX', 250_000n);
    const { id } = (await send(payoutRows(5, (row) => (row === 1 ? { amount: '2501' } : {})))).json;
    expect(await worked(api, id)).toMatchObject({ accepted: 2, refused: 3 });
    const statuses = (await rowsOf(id)).map(({ status, errors }: { status: string; errors: { code: string }[] }) => [
      status,
      errors[0]?.code,
    ]);
    const short = ['refused', 'insufficient_funds'];
    expect(statuses).toEqual([short, ['accepted', undefined], ['accepted', undefined], short, short]);
  });

  test('refuses a row that says what an earlier one said, unless that is meant', async () => {
    await api.world.fund('UGX', 10_000_000n);
    const same = () => ({ reference: 'SAL', recipient: PAYOUT.recipient });
    const rows = payoutRows(3, (row) => (row === 2 ? { ...same(), amount: '7' } : same()));
    const strict = (await send(rows)).json;
    expect(strict).toMatchObject({ accepted: 2, refused: 1 });
    expect(await rowsOf(strict.id, '&status=refused')).toMatchObject([
      { row: 3, errors: [{ field: 'reference', code: 'duplicate_in_file' }] },
    ]);
    expect((await send(rows, { allowDuplicates: true })).json).toMatchObject({ accepted: 3, refused: 0 });
    await worked(api, strict.id);
  });

  test('is taken once under one key, and another file under that key is refused', async () => {
    await api.world.fund('UGX', 10_000_000n);
    const key = randomBytes(12).toString('hex');
    const first = await send(payoutRows(3), {}, key);
    const again = await send(payoutRows(3), {}, key);
    expect([again.status, again.text, again.headers.get('idempotency-replayed')]).toEqual([202, first.text, 'true']);
    const other = await send(payoutRows(4), {}, key);
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);
    // What was accepted once stays accepted, however the same file would be judged now: by then the fee is above its maxFee.
    const cheap = payoutRows(2, () => ({ maxFee: '0' }));
    const total = await send(cheap, { hold: 'total' }, `${key}-total`);
    await addSchedule(api.world.db, { type: 'payout', basis: 'own', percentPpm: 500_000, createdBy: 'test' });
    const later = await openApi({ beside: api });
    const late = { payouts: cheap, hold: 'total' };
    expect((await later.post('/v1/payouts/bulk', late)).json.errors[0]).toMatchObject({ field: 'rows.1.maxFee' });
    expect((await later.post('/v1/payouts/bulk', late, { idempotencyKey: `${key}-total` })).text).toBe(total.text);
    await later.close();
    expect((await api.get('/v1/payouts/bulk')).json.data).toHaveLength(2);
    await worked(api, first.json.id);
    expect((await api.get('/v1/transactions?limit=100')).json.data).toHaveLength(3);
    await worked(api, total.json.id);
  });

  test('has its rows above the approval limit await approval, and the others sent', async () => {
    await api.world.fund('UGX', 10_000_000n);
    const limit = { merchantId: api.world.merchantId, currency: 'UGX', aboveMinor: 100_000n, dailyAboveMinor: null };
    await api.world.db.transaction((trx) => setApprovalLimit(trx, limit));
    const { id } = (await send(payoutRows(4, (row) => (row % 2 ? { amount: '1001' } : {})))).json;
    expect((await worked(api, id)).states).toEqual({ accepted: 2, awaiting_approval: 2 });
    const sent = (await rowsOf(id, '&status=accepted')).map((row: { transactionId: string }) => row.transactionId);
    expect(api.world.rung.filter(({ queue }) => queue === 'payouts').map((bell) => bell.id)).toEqual(sent);
    await api.post(`/v1/payouts/bulk/${id}/cancel`, {});
    expect(await worked(api, id)).toMatchObject({ status: 'done', states: { cancelled: 4 } });
    expect(await wallet()).toMatchObject({ held: '0' });
  });

  test('belongs to its merchant alone', async () => {
    const { id } = (await send(payoutRows(1))).json;
    const { secret: key } = await api.stranger();
    for (const path of ['', '/rows', '/report'])
      expect((await api.get(`/v1/payouts/bulk/${id}${path}`, { key })).status, path).toBe(404);
    for (const path of ['/retry', '/cancel'])
      expect((await api.post(`/v1/payouts/bulk/${id}${path}`, {}, { key })).status, path).toBe(404);
    expect((await api.get('/v1/payouts/bulk', { key })).json.data).toEqual([]);
  });
});

describe('a file that is paid whole or not at all', () => {
  const total = { hold: 'total' };

  test('has all its money set aside before the first payout is made, and gives it over without a gap', async () => {
    await api.world.fund('UGX', 1_000_000n);
    await api.world.fund('UGX', 1_000_000n, 'shop-2');
    const rows = payoutRows(230, (row) => ({ amount: '50', ...(row % 2 ? { owner: 'shop-2' } : {}) }));
    const { id, totals } = (await send(rows, total)).json;
    expect(totals).toMatchObject([{ currency: 'UGX', amount: '11500', held: '11500' }]);
    expect(await wallet()).toMatchObject({ available: '4250', held: '5750' });
    expect((await verifyLedger(api.world.db)).problems).toEqual([]);
    // Whoever comes meanwhile finds only what is left.
    expect((await api.post('/v1/payouts', { ...PAYOUT, amount: '4251' })).json.code).toBe('insufficient_funds');
    expect(await worked(api, id)).toMatchObject({ accepted: 230, refused: 0, states: { accepted: 230 } });
    expect(await wallet()).toMatchObject({ available: '4250', held: '5750' });
    expect(await wallet('shop-2')).toMatchObject({ available: '4250', held: '5750' });
  });

  test('takes nothing where the wallets do not cover it together, and says what each lacks', async () => {
    await api.world.fund('UGX', 200_000n);
    await api.world.fund('UGX', 150_000n, 'shop-2');
    const before = await api.rows();
    const rows = payoutRows(6, (row) => (row % 2 ? { owner: 'shop-2' } : row === 2 ? { owner: 'nobody' } : {}));
    const refused = await send(rows, total);
    expect([refused.status, refused.json.code]).toEqual([422, 'insufficient_funds']);
    expect(refused.json.errors.map(({ message }: { message: string }) => message)).toEqual([
      expect.stringMatching(/^shop-2's UGX wallet lacks 1500 of the 3000 /),
      expect.stringMatching(/^nobody's UGX wallet lacks 1000 of the 1000 /),
    ]);
    expect(await api.rows()).toEqual(before);
    expect((await api.get('/v1/payouts/bulk')).json.data).toEqual([]);
  });

  test('is refused with every wrong row named', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const answered = await send(
      payoutRows(60, (row) => (row > 20 ? { amount: '0' } : {})),
      total,
    );
    expect(answered.status).toBe(400);
    expect(answered.json.errors).toHaveLength(40);
    expect(answered.json.errors[0]).toMatchObject({ field: 'rows.21.amount', code: 'not_positive' });
    expect(await wallet()).toMatchObject({ held: '0' });
  });

  test('gives back the money of rows that a wallet frozen meanwhile no longer pays', async () => {
    const walletId = await api.world.fund('UGX', 1_000_000n);
    const { id } = (await send(payoutRows(3), total)).json;
    await api.world.db.transaction((trx) => freezeWallet(trx, walletId));
    expect((await send(payoutRows(3), total)).json.code).toBe('wallet_frozen');
    expect(await worked(api, id)).toMatchObject({ status: 'done', accepted: 0, refused: 3 });
    expect(await wallet()).toMatchObject({ available: '10000', held: '0' });
    expect(await rowsOf(id)).toMatchObject(Array(3).fill({ status: 'refused', errors: [{ code: 'wallet_frozen' }] }));
  });
});

describe('a worker', () => {
  const references = async () => (await api.world.db('transactions').orderBy('id').pluck('reference')) as string[];

  test('that is cut off between any two rows leaves whole batches behind, and the next one goes on', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const { id } = (await send(payoutRows(250), { hold: 'total' })).json;
    let opened = 0;
    const cut = Object.assign(new Error('the server is going down'), { code: '57P01' });
    const { vault } = api.world;
    const dying = {
      ...api.world,
      vault: {
        ...vault,
        open: (sealed: Buffer) => {
          opened += 1;
          if (opened > 130) throw cut;
          return vault.open(sealed);
        },
      },
    };
    await expect(workOnBulk(dying, id)).rejects.toBe(cut);
    expect(await references()).toHaveLength(100);
    expect((await verifyLedger(api.world.db)).problems).toEqual([]);
    expect(await worked(api, id)).toMatchObject({ accepted: 250, states: { accepted: 250 } });
    expect(new Set(await references()).size).toBe(250);
    expect(await references()).toHaveLength(250);
  });

  test('shares a bulk with another one without a row paid twice', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const { id } = (await send(payoutRows(330))).json;
    await Promise.all([1, 2, 3].map(() => workOnBulk(api.world, id)));
    const made = await references();
    expect([made.length, new Set(made).size]).toEqual([330, 330]);
  });

  test('takes a row that nobody can make a payout of out of the way of the others', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const { id } = (await send(payoutRows(5), { hold: 'total' })).json;
    await api.world
      .db('bulk_rows')
      .where({ number: 3 })
      .update({ sealed: Buffer.alloc(80) });
    expect(await worked(api, id)).toMatchObject({ accepted: 4, refused: 1, states: { accepted: 4 } });
    expect(await rowsOf(id, '&status=refused')).toMatchObject([{ row: 3, errors: [{ code: 'internal_error' }] }]);
    expect(await wallet()).toMatchObject({ held: '4000' });
  });

  test('never forgets a bulk: one that nobody works on is rung for until it is done', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const { id } = (await send(payoutRows(1, () => ({ scheduledAt: new Date(Date.now() + 3_600_000).toISOString() }))))
      .json;
    const due = () =>
      api.world.db('bulks').update({ due_at: api.world.db.raw("now() - interval '1 minute'"), rung_at: null });
    await due();
    api.world.rung.length = 0;
    await sweepOnce(api.world);
    expect(api.world.rung).toMatchObject([{ queue: 'bulk', id, generation: 2 }]);
    expect((await worked(api, id)).status).toBe('processing');
    await due();
    await sweepOnce(api.world);
    expect(api.world.rung.at(-1)).toMatchObject({ queue: 'bulk', id, generation: 3 });
    const [payout] = await rowsOf(id);
    await api.post(`/v1/payouts/${payout.transactionId}/cancel`, {});
    expect((await worked(api, id)).status).toBe('done');
    expect(await api.world.db('bulks').first()).toMatchObject({ state: 'done', due_at: null });
  });
});

describe('what has failed', () => {
  const pay = (ids: readonly string[]) =>
    Promise.all(
      ids.map((id) => advance(api.world, payoutFlow, id, { cause: 'worker', actor: 'worker', insists: false })),
    );
  const idsOf = async (id: string, status: string): Promise<string[]> =>
    (await rowsOf(id, `&status=${status}`)).map((row: { transactionId: string }) => row.transactionId);

  test('is tried once more, each row as a new payout, and nothing else is', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const { id } = (await send(payoutRows(6))).json;
    await worked(api, id);
    const made = await idsOf(id, 'accepted');
    api.world.provider.onSubmit = (execute, _, n) =>
      n <= 2
        ? { kind: 'refused', code: 'rejected', message: 'no' }
        : n === 3
          ? { kind: 'unknown', code: 'timeout', message: '…' }
          : { kind: 'accepted', transaction: execute() };
    for (const payout of made.slice(0, 4)) await pay([payout]);
    const states = (await api.get(`/v1/payouts/bulk/${id}`)).json.states;
    expect(states).toEqual({ accepted: 2, failed: 2, submitted: 1, submitting: 1 });
    const key = randomBytes(12).toString('hex');
    const retry = () => api.post(`/v1/payouts/bulk/${id}/retry`, {}, { idempotencyKey: key });
    const first = await retry();
    expect([first.status, first.json]).toMatchObject([
      202,
      { retried: 2, skipped: [], status: 'accepting', states: { waiting: 2 } },
    ]);
    expect((await retry()).text).toBe(first.text);
    expect((await api.post(`/v1/payouts/bulk/${id}/retry`, {})).json).toMatchObject({ retried: 0 });
    expect(await worked(api, id)).toMatchObject({
      rows: 6,
      accepted: 6,
      states: { accepted: 4, submitted: 1, submitting: 1 },
    });
    const [again] = await rowsOf(id);
    expect(again).toMatchObject({ row: 1, round: 2, status: 'accepted', reference: 'ROW-1', amount: '1000' });
    expect(made).not.toContain(again.transactionId);
    const both = (await api.get(`/v1/transactions?reference=ROW-1`)).json.data;
    expect(both.map(({ status, accountNumber }: Record<string, string>) => [status, accountNumber])).toEqual([
      ['accepted', '+256710000078'],
      ['failed', '+256710000078'],
    ]);
  });

  test('is not tried again by two at once', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const { id } = (await send(payoutRows(3))).json;
    await worked(api, id);
    api.world.provider.onSubmit = () => ({ kind: 'refused', code: 'rejected', message: 'no' });
    await pay(await idsOf(id, 'accepted'));
    const both = await Promise.all([1, 2, 3].map(() => api.post(`/v1/payouts/bulk/${id}/retry`, {})));
    expect(both.map(({ json }) => json.retried).toSorted()).toEqual([0, 0, 3]);
    await worked(api, id);
    expect((await api.get('/v1/transactions?limit=100')).json.data).toHaveLength(6);
  });

  test('stays as it is where money went out under its reference after all, unless that came back', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const { id } = (await send(payoutRows(1))).json;
    await worked(api, id);
    const [failed = ''] = await idsOf(id, 'accepted');
    const { provider, db } = api.world;
    provider.onSubmit = (make) => ({ kind: 'accepted', transaction: make() });
    await pay([failed]);
    provider.rule(failed, { status: 'failed' });
    await advance(api.world, payoutFlow, failed, { cause: 'webhook', actor: 'webhook:test', insists: true });
    const [known] = provider.executed.get(failed) ?? [];
    if (known === undefined) throw new Error('it was sent');
    const second = { ...known, status: 'successful', providerTransactionId: 'SECOND' } as const;
    provider.executed.set(failed, [second, known]);
    await checkReturns(api.world, { payout: payoutFlow, collection: collectionFlow });
    expect(await db('cases').pluck('subject')).toEqual(['provider:SECOND']);
    const retry = async () => (await api.post(`/v1/payouts/bulk/${id}/retry`, {})).json.retried;
    expect(await retry()).toBe(0);
    const resolved = (resolution: string) =>
      db('cases').update({ resolved_at: db.fn.now(), resolved_by: 'test', resolution });
    await resolved('charged: the recipient has it');
    expect(await retry()).toBe(0);
    await resolved('returned: it came back');
    expect(await retry()).toBe(1);
  });

  test('is not paid by its new round when the earlier one succeeds while that waits', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const { id } = (await send(payoutRows(2))).json;
    await worked(api, id);
    const [late = '', other = ''] = await idsOf(id, 'accepted');
    await pay([late, other]);
    for (const each of [late, other]) api.world.provider.rule(each, { status: 'failed' });
    const look = (each: string) =>
      advance(api.world, payoutFlow, each, { cause: 'webhook', actor: 'webhook:test', insists: true });
    await Promise.all([late, other].map(look));
    expect((await api.post(`/v1/payouts/bulk/${id}/retry`, {})).json.retried).toBe(2);
    api.world.provider.rule(late, { status: 'successful' });
    await look(late);
    expect((await worked(api, id)).states).toEqual({ accepted: 1 });
    const [row] = await rowsOf(id);
    expect(row).toMatchObject({ row: 1, status: 'refused', errors: [{ code: 'may_have_been_paid' }] });
  });

  test('stays as it is where somebody doubts it, where the recipient was erased, and while the service recovers', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const { id } = (await send(payoutRows(3))).json;
    await worked(api, id);
    const [doubted = '', erased = '', third = ''] = await idsOf(id, 'accepted');
    api.world.provider.onSubmit = () => ({ kind: 'refused', code: 'rejected', message: 'no' });
    await pay([doubted, erased, third]);
    const { db } = api.world;
    await db('cases').insert({
      id: `ca${'0'.repeat(26)}`,
      kind: 'contradiction',
      subject: doubted,
      transaction_id: doubted,
      evidence: '{}',
    });
    await db('personal_data')
      .where({ subject_id: erased })
      .update({ sealed: null, account_hash: null, last_four_hash: null, erased_at: db.fn.now() });
    await db('recoveries').insert({ begun_by: 'test', newest_at: db.fn.now() });
    const retry = () => api.post(`/v1/payouts/bulk/${id}/retry`, {});
    expect((await retry()).status).toBe(503);
    await db('recoveries').update({ ran_at: db.fn.now(), finished_at: db.fn.now(), finished_by: 'test' });
    expect((await retry()).json).toMatchObject({
      retried: 1,
      skipped: [{ row: 2, errors: [{ code: 'recipient_erased' }] }],
    });
    expect((await worked(api, id)).states).toEqual({ accepted: 1, failed: 2 });
  });
});

describe('cancelling', () => {
  test('gives back what waits at once, and what has not been sent soon', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const { id } = (await send(payoutRows(40), { hold: 'total' })).json;
    await worked(api, id);
    const second = (
      await send(
        payoutRows(5, () => ({ amount: '77' })),
        { hold: 'total' },
      )
    ).json.id;
    const [sent] = await rowsOf(id);
    await advance(api.world, payoutFlow, sent.transactionId, { cause: 'worker', actor: 'worker', insists: false });
    const cancelled = await api.post(`/v1/payouts/bulk/${second}/cancel`, {});
    expect([cancelled.status, cancelled.json]).toMatchObject([
      202,
      { status: 'cancelling', states: { cancelled: 5 }, totals: [{ held: '0' }] },
    ]);
    expect(await worked(api, second)).toMatchObject({ status: 'done', states: { cancelled: 5 } });
    await api.post(`/v1/payouts/bulk/${id}/cancel`, {});
    expect(await worked(api, id)).toMatchObject({ status: 'processing', states: { cancelled: 39, submitted: 1 } });
    expect(await wallet()).toMatchObject({ held: '1000' });
    const { json } = await api.post(`/v1/payouts/bulk/${second}/retry`, {});
    expect(json.retried).toBe(0);
    const actions = await api.world.db('audit_log').whereLike('action', '%bulk%').orderBy('id').pluck('action');
    expect(actions).toEqual([
      'payouts.bulk_create',
      'payouts.bulk_create',
      'payouts.bulk_cancel',
      'payouts.bulk_cancel',
      'payouts.bulk_retry',
    ]);
    expect((await api.post(`/v1/payouts/bulk/${second}/cancel`, {})).json.status).toBe('done');
  });
});

describe('as CSV', () => {
  const csv = (body: string | Uint8Array, query = '') =>
    api.call('POST', `/v1/payouts/bulk${query}`, { body, headers: { 'content-type': 'text/csv' } });

  test('a file means what it means as JSON, and the report names rows and columns', async () => {
    await api.world.fund('UGX', 100_000_000n);
    const rows = payoutRows(4, (row) => (row === 2 ? { amount: '=1+1' } : { metadata: { 'team.name': 'A' } }));
    const text = `\ufeff${csvOf(rows).replace('ROW-4', '"ROW-4"')}\r\n\r\n`;
    const sent = await csv(text, '?reference=PAY-7&hold=each');
    expect([sent.status, sent.json]).toMatchObject([202, { rows: 4, accepted: 3, refused: 1, reference: 'PAY-7' }]);
    await worked(api, sent.json.id);
    const [first] = (await api.get('/v1/transactions?reference=ROW-1')).json.data;
    expect(first).toMatchObject({ metadata: { 'team.name': 'A' }, accountNumber: '+256710000078' });
    const report = await api.get(`/v1/payouts/bulk/${sent.json.id}/report`);
    expect(report.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(report.headers.get('content-disposition')).toBe(`attachment; filename="bulk-${sent.json.id}.csv"`);
    const lines = report.text.trimEnd().split('\r\n');
    expect(lines[0]).toBe('row,status,transactionId,reference,amount,currency,fee,field,code,message');
    expect(lines).toHaveLength(5);
    expect(lines[2]).toMatch(/^2,refused,,ROW-2,,,,amount,not_an_amount,/);
  });

  test.each([
    ['nothing', '', 'invalid_csv', undefined],
    ['only a header', 'amount,currency,method', 'invalid_request', 'rows'],
    [
      'a column nobody knows',
      'amount,currency,method,=cmd\n1,UGX,momo,x',
      'invalid_request',
      'columns.(unreadable name)',
    ],
    ['a column named twice', 'amount,currency,method,amount\n1,UGX,momo,2', 'invalid_request', 'columns.amount'],
    ['a column missing', 'amount,method\n1,momo', 'invalid_request', 'columns.currency'],
    [
      'a column that reaches into prototypes',
      'amount,currency,method,metadata.__proto__\n1,UGX,momo,2',
      'invalid_request',
      'columns.metadata.__proto__',
    ],
    ['a cell too many', 'amount,currency,method\n1,UGX,momo\n1,UGX,momo,5', 'invalid_request', 'rows.2'],
    ['a quote that is not closed', 'amount,currency,method\n1,"UGX,momo', 'invalid_csv', undefined],
    ['a quote inside a cell', 'amount,currency,method\n1,"UGX"x,momo', 'invalid_csv', undefined],
    ['a NUL', 'amount,currency,method\n1,UGX\0,momo', 'invalid_csv', undefined],
    ['bytes that are not UTF-8', new Uint8Array([0xff, 0xfe, 0x61, 0x00, 0x6d]), 'invalid_csv', undefined],
    ['a line without end', `amount,currency,method\n${'9'.repeat(70_000)}`, 'invalid_csv', undefined],
    ['10,001 rows', `amount,currency,method\n${'1,UGX,momo\n'.repeat(10_001)}`, 'invalid_request', 'rows'],
  ])('%s is refused with what to do', async (_, body, code, field) => {
    const answered = await csv(body);
    expect([answered.status, answered.json.code, answered.json.errors?.[0]?.field]).toEqual([400, code, field]);
    expect(answered.json.detail.length).toBeGreaterThan(20);
  });

  test('another type, a JSON file with parameters, and one that is too large are refused', async () => {
    const as = (type: string) => api.call('POST', '/v1/payouts/bulk', { body: 'x', headers: { 'content-type': type } });
    for (const type of [
      'text/plain',
      'text/csv; charset=utf-16',
      'application/x-www-form-urlencoded',
      'application/jsonp',
    ])
      expect((await as(type)).status, type).toBe(415);
    const asked = await api.call('POST', '/v1/payouts/bulk?hold=total', { body: { payouts: payoutRows(1) } });
    expect([asked.status, asked.json.errors[0].field]).toEqual([400, 'hold']);
    expect((await csv(new Uint8Array(10 * 1024 * 1024 + 1))).status).toBe(413);
  });
});

test.each([
  ['an empty list', '{"payouts":[]}', 'rows'],
  ['no list', '{"payouts":{}}', 'payouts'],
  ['another list', '{"rows":[{}]}', 'payouts'],
  ['a broken row', '{"payouts":[{"amount":"1"},{"amount":}]}', 'rows.2'],
  ['a trailing comma', '{"payouts":[{},]}', 'rows.2'],
  ['a row that is no object', '{"payouts":[{},5]}', 'rows.2'],
  ['a key twice in a row', '{"payouts":[{"amount":"1","\\u0061mount":"2"}]}', 'rows.1'],
  ['a list closed by a brace', '{"payouts":[{}}', undefined],
  ['two lists of one name', '{"payouts":[{}],"payouts":[{}]}', undefined],
  ['a nesting without end', `{"payouts":[{"a":${'['.repeat(30)}${']'.repeat(30)}}]}`, 'rows.1'],
  ['10,001 rows', `{"payouts":[${'{},'.repeat(10_000)}{}]}`, 'rows'],
])('of JSON, %s is refused', async (_, body, field) => {
  const answered = await api.post('/v1/payouts/bulk', body);
  expect([answered.status, answered.json.errors?.[0]?.field]).toEqual([400, field]);
});
