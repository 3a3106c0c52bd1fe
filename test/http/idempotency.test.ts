// One key, one payment: repetitions, other bodies, other routes and merchants, and keys that are no keys.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addSchedule } from '../../src/pricing/fee-schedule.ts';
import { type Api, COLLECTION, openApi, PAYOUT } from '../support/api.ts';
import { BAD_KEYS } from '../support/bad-input.ts';
import { until } from '../support/until.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
  await api.world.fund('UGX', 10n ** 12n);
});
afterAll(() => api.close());

test('a repetition gets the first answer byte for byte, marked, and nothing is done again', async () => {
  const first = await api.post('/v1/payouts', PAYOUT, { idempotencyKey: 'repeat-me-0123456789' });
  const rows = await api.rows();
  const bells = api.world.rung.length;
  const again = await api.post('/v1/payouts', PAYOUT, { idempotencyKey: 'repeat-me-0123456789' });
  const quoted = await api.post('/v1/payouts', PAYOUT, { idempotencyKey: '"repeat-me-0123456789"' });
  expect([first.status, again.status, quoted.status]).toEqual([202, 202, 202]);
  expect([again.text, quoted.text]).toEqual([first.text, first.text]);
  expect([first, again, quoted].map((one) => one.headers.get('idempotency-replayed'))).toEqual([null, 'true', 'true']);
  expect(await api.rows()).toEqual(rows);
  expect(api.world.rung.length).toBe(bells);
});

test('the order of keys and the spaces between them are not another request; any other value is', async () => {
  const idempotencyKey = 'same-meaning-0123456789';
  const first = await api.post('/v1/payouts', PAYOUT, { idempotencyKey });
  const turned = Object.fromEntries(Object.entries(PAYOUT).toReversed());
  const same = await api.post('/v1/payouts', JSON.stringify(turned, null, 3), { idempotencyKey });
  expect(same.text).toBe(first.text);
  for (const more of [
    { amount: '1001' },
    { recipient: { ...PAYOUT.recipient, phone: '+256712345679' } },
    { reference: 'x' },
  ]) {
    const other = await api.post('/v1/payouts', { ...PAYOUT, ...more }, { idempotencyKey });
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);
  }
});

test('fifty at once under one key make one payment; the others get its answer or are told to come back', async () => {
  const before = await api.rows();
  const calls = Array.from({ length: 50 }, () =>
    api.post('/v1/payouts', PAYOUT, { idempotencyKey: 'fifty-at-once-01234' }),
  );
  const answers = await Promise.all(calls);
  expect(new Set(answers.filter((one) => one.status === 202).map((one) => one.json.id)).size).toBe(1);
  for (const one of answers.filter((each) => each.status !== 202))
    expect([one.status, one.json.code]).toEqual([409, 'request_in_progress']);
  expect((await api.rows())['transactions']).toBe((before['transactions'] ?? 0) + 1);
});

test('a key belongs to one merchant and one route', async () => {
  const idempotencyKey = 'shared-key-0123456789';
  const stranger = await api.stranger();
  const mine = await api.post('/v1/collections', COLLECTION, { idempotencyKey });
  const theirs = await api.post('/v1/collections', COLLECTION, { idempotencyKey, key: stranger.secret });
  const otherRoute = await api.post('/v1/payouts', PAYOUT, { idempotencyKey });
  expect([mine.status, theirs.status, otherRoute.status]).toEqual([202, 202, 202]);
  expect(new Set([mine.json.id, theirs.json.id, otherRoute.json.id]).size).toBe(3);
});

test('a refused request is not remembered: corrected, it succeeds under its key', async () => {
  const idempotencyKey = 'corrected-0123456789';
  expect((await api.post('/v1/payouts', { ...PAYOUT, amount: 'x' }, { idempotencyKey })).status).toBe(400);
  const tooMuch = await api.post('/v1/payouts', { ...PAYOUT, amount: '999999999999' }, { idempotencyKey });
  expect([tooMuch.status, tooMuch.json.code]).toEqual([422, 'insufficient_funds']);
  expect(tooMuch.json.errors[0].field).toBe('amount');
  expect((await api.post('/v1/payouts', PAYOUT, { idempotencyKey })).status).toBe(202);
});

test('what was accepted stays accepted: a repetition that would be refused by now gets the first answer', async () => {
  const idempotencyKey = 'accepted-before-012345';
  // A moment more than the minute that a plan must be ahead.
  const scheduledAt = new Date(Date.now() + 61_500).toISOString();
  const asks = [
    ['/v1/payouts', { ...PAYOUT, maxFee: '5' }],
    ['/v1/collections', COLLECTION],
  ] as const;
  const first = await Promise.all(asks.map(([path, body]) => api.post(path, body, { idempotencyKey })));
  const later = await api.post(
    '/v1/payouts',
    { ...PAYOUT, scheduledAt },
    { idempotencyKey: `${idempotencyKey}-later` },
  );
  for (const type of ['payout', 'collection'] as const)
    await addSchedule(api.world.db, { type, currency: 'UGX', basis: 'own', flatMinor: 200_000n, createdBy: 'test' });
  const tomorrow = await openApi({ beside: api });
  const again = await Promise.all(asks.map(([path, body]) => tomorrow.post(path, body, { idempotencyKey })));
  expect([...first, later].map((one) => one.status)).toEqual([202, 202, 202]);
  expect(again.map((one) => [one.status, one.text])).toEqual(first.map((one) => [202, one.text]));
  const fresh = await tomorrow.post('/v1/payouts', asks[0][1], { idempotencyKey: 'never-accepted-0123' });
  expect([fresh.status, fresh.json.code]).toEqual([422, 'fee_above_maximum']);
  const other = await tomorrow.post('/v1/payouts', { ...PAYOUT, maxFee: '4' }, { idempotencyKey });
  expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);
  await until(() => Date.now() > Date.parse(scheduledAt) - 60_000, 'its time is too near to be asked for');
  const repeated = await api.post(
    '/v1/payouts',
    { ...PAYOUT, scheduledAt },
    { idempotencyKey: `${idempotencyKey}-later` },
  );
  expect([repeated.status, repeated.text]).toEqual([202, later.text]);
});

test('upper and lower case are two keys', async () => {
  // More than any fee that the tests above have set.
  const collection = { ...COLLECTION, amount: '200000' };
  const [upper, lower] = await Promise.all([
    api.post('/v1/collections', collection, { idempotencyKey: 'CASE-CASE-CASE-CASE' }),
    api.post('/v1/collections', collection, { idempotencyKey: 'case-case-case-case' }),
  ]);
  expect([upper.status, lower.status], upper.text).toEqual([202, 202]);
  expect(upper.json.id).not.toBe(lower.json.id);
});

test('a request without a key, or with one that is none, is refused before anything is written', async () => {
  const before = await api.rows();
  const missing = await api.post('/v1/payouts', PAYOUT, { idempotencyKey: false });
  expect([missing.status, missing.json.errors[0].field, missing.json.errors[0].code]).toEqual([
    400,
    'Idempotency-Key',
    'required',
  ]);
  for (const path of ['/v1/payouts', '/v1/collections'])
    for (const idempotencyKey of BAD_KEYS) {
      const answered = await api.post(path, path.endsWith('payouts') ? PAYOUT : COLLECTION, { idempotencyKey });
      expect([answered.status, answered.json.errors?.[0]?.field], idempotencyKey).toEqual([400, 'Idempotency-Key']);
    }
  expect(await api.rows()).toEqual(before);
});
