// What the simulated provider demands of a collection, and what one does to its wallet.
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { COLLECTION, call, type Rig, startRig } from './rig.ts';

const isFinal = (rig: Rig, reference: string) =>
  until(async () => {
    const answer = await rig.get(`/transactions/${reference}`);
    return answer.at('data.transactions.0.status') !== 'pending' && answer;
  }, `${reference} is final`);

describe('a collection', () => {
  it.each([
    [{ phone: '0712345678' }, { message: 'phone number must be a valid international format' }],
    [{ phone: 256712345678 }, { message: 'phone number must be a valid international format' }],
    [{ amount: 10.5 }, 'amount must be an integer number'],
    [{ amount: '2000' }, 'amount must be a number'],
    [{ amount: 0 }, 'amount must be a positive number'],
    [{ amount: 2147483648 }, 'amount must not be greater than 2147483647'],
    [{ amount: 499 }, 'amount must be between 500 and 4000000 UGX'],
    [{ amount: 4000001 }, 'amount must be between 500 and 4000000 UGX'],
    [{ customer: { email: 'a@example.com' } }, 'customer must be a string'],
    [{ currency: 'KES' }, 'currency KES is not supported in UG'],
    [{ currency: 'ABC' }, 'currency must be a valid ISO4217 currency code'],
    [{ country: 'NG', currency: 'NGN' }, 'country NG is not supported'],
    [{ country: 'GH', currency: 'GHS', amount: 20 }, 'redirectUrl is required for GH'],
    [{ transactionRef: 'ab' }, 'transactionRef must be alphanumeric, 3 to 64 characters'],
    [{ note: 'hello' }, 'property note should not exist'],
  ])('with %j is refused: %j', async (wrong, message) => {
    const rig = await startRig();
    const answer = await rig.collect('refused1', wrong);
    expect([answer.status, answer.at()]).toEqual([400, { code: 400, message, success: false }]);
    expect((await rig.control('/book/summary')).at('operations')).toBe(0);
  });

  it('is refused as no JSON, and as no object', async () => {
    const rig = await startRig();
    expect((await rig.post('/collections/momo', [])).at('message')).toBe('the body must be a JSON object');
    expect((await rig.post('/collections/momo', undefined)).at('message')).toBe('the body must be a JSON object');
    const headers = { authorization: rig.authorization };
    const broken = await call(`${rig.simulator.url}/collections/momo`, { method: 'POST', headers, body: '{"phone":' });
    expect([broken.status, broken.at('message')]).toEqual([400, 'the body is not valid JSON']);
  });

  it('is let through by the switches for strictness', async () => {
    const rig = await startRig();
    await rig.control('/faults', { strict_fields: false, customer_must_be_string: false, whole_units: false });
    const answer = await rig.collect('lenient1', { note: 'x', customer: { name: 'Ada' }, amount: 1000.5 });
    expect(answer.at('data')).toMatchObject({ amount: '1000.5', customer: { name: 'Ada' } });
  });

  it('credits its amount when the payer bears the charge', async () => {
    const rig = await startRig();
    const before = await rig.balance('UGX');
    await rig.collect('credited1', { amount: 20000 });
    await isFinal(rig, 'credited1');
    expect(await rig.balance('UGX')).toBe(before + 20000);
  });

  it('credits the amount less the charge when the merchant is switched to bear it', async () => {
    const rig = await startRig();
    await rig.control('/faults', { deduct_collection_charge: true });
    const before = await rig.balance('UGX');
    await rig.collect('deducted1', { amount: 20000 });
    const final = await isFinal(rig, 'deducted1');
    expect(final.at('data.transactions.0')).toMatchObject({ amount: '20000', fees: '300' });
    expect(await rig.balance('UGX')).toBe(before + 19700);
  });

  it('is charged in whole units, half up, in every currency', async () => {
    const rig = await startRig();
    for (const [currency, amount, charges] of [
      ['UGX', 20000, '300'],
      ['UGX', 533, '8'],
      ['UGX', 900, '14'],
      ['KES', 133, '2'],
      ['KES', 100, '2'],
    ] as const) {
      const fees = await rig.post('/collections/fees', { method: 'momo', currency, amount });
      expect(fees.at('data.charges'), `${amount} ${currency}`).toBe(charges);
    }
  });

  it('carries its reference once; a second time is refused and found by look-up', async () => {
    const rig = await startRig();
    const first = await rig.collect('once1');
    const second = await rig.collect('once1', { amount: 3000 });
    expect([second.status, second.at('message')]).toEqual([400, 'transaction already exists']);
    expect((await rig.get('/transactions/once1')).at('data.transactions.0.transactionId')).toBe(
      first.at('data.transactionId'),
    );
  });

  it('is executed twice under one reference once duplicates are accepted: the worst provider', async () => {
    const rig = await startRig();
    await rig.control('/faults', { accept_duplicate_references: true });
    await rig.collect('twice1');
    await rig.collect('twice1');
    const summary = await rig.control('/book/summary');
    expect(summary.at('duplicates')).toEqual(['twice1']);
    expect(await rig.executed('twice1')).toBe(2);
    const ids = summary.at('references.twice1.transactionIds') as string[];
    expect(new Set(ids).size).toBe(2);
  });

  it('expires when nobody approves it', async () => {
    const rig = await startRig();
    await rig.control('/faults', { settle: { collectionExpiryMs: 5 } });
    await rig.collect('expired1', { phone: '+256712340001' });
    const final = await isFinal(rig, 'expired1');
    expect(final.at('data.transactions.0')).toMatchObject({ status: 'failed', reason: 'Expired' });
  });
});

describe('a pin', () => {
  const phone = COLLECTION.phone;
  const pins = async () => {
    const rig = await startRig({ otpExempt: false });
    const send = async () => String((await rig.post('/collections/otp', { phone })).at('data.pinId'));
    const collect = async (reference: string, otp?: unknown, more = {}) => {
      const answer = await rig.collect(reference, { ...(otp === undefined ? {} : { otp }), ...more });
      return answer.at('message') ?? answer.at('data.status');
    };
    return { rig, send, collect };
  };

  it('is needed on an account that is not exempt', async () => {
    const { collect } = await pins();
    expect(await collect('pinless1')).toBe('otp is required: send otp.pinId and otp.pin');
  });

  it('is good once, for its own phone, and for nothing recorded before', async () => {
    const { collect, send } = await pins();
    const pinId = await send();
    const otp = { pinId, pin: '123456' };
    expect(await collect('pin1', otp, { phone: '+256701234567' })).toBe('invalid otp pinId');
    expect(await collect('pin1', { pinId: 'VEunknown', pin: '123456' })).toBe('invalid otp pinId');
    expect(await collect('pin1', otp)).toBe('pending');
    expect(await collect('pin1', otp)).toBe('transaction already exists');
    expect(await collect('pin2', otp)).toBe('otp already verified');
  });

  it('dies after five wrong tries, even for the right one', async () => {
    const { collect, send } = await pins();
    const pinId = await send();
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      expect(await collect(`try${attempt}`, { pinId, pin: '000000' })).toBe('invalid otp pin');
    }
    expect(await collect('try6', { pinId, pin: '123456' })).toBe('invalid otp: too many attempts');
  });

  it('expires after ten minutes, and when a newer one was sent', async () => {
    const { rig, collect, send } = await pins();
    const old = await send();
    const newer = await send();
    expect(await collect('newest1', { pinId: old, pin: '123456' })).toBe('otp expired');
    await rig.control('/clock', { advanceMs: 10 * 60_000 });
    expect(await collect('newest1', { pinId: newer, pin: '123456' })).toBe('otp expired');
    expect(await collect('newest1', { pinId: await send(), pin: '123456' })).toBe('pending');
  });

  it('is sent three times within its life, and again afterwards', async () => {
    const { rig, send } = await pins();
    await Promise.all([send(), send(), send()]);
    const fourth = await rig.post('/collections/otp', { phone });
    expect([fourth.status, fourth.at('message')]).toEqual([400, 'too many otp requests for this phone']);
    await rig.control('/clock', { advanceMs: 10 * 60_000 });
    expect(await send()).toMatch(/^VE[0-9a-f]{32}$/);
  });

  it('comes by WhatsApp on request, and with an unexpected field not at all: a 500, as seen live', async () => {
    const { rig } = await pins();
    expect((await rig.post('/collections/otp', { phone, code_type: 'whatsapp' })).status).toBe(200);
    const wrong = await rig.post('/collections/otp', { phone, type: 'whatsapp' });
    expect([wrong.status, wrong.at('message')]).toEqual([500, 'An error has occurred']);
  });

  it('can be made from the seed, and is then told by a control call only', async () => {
    const { rig, collect, send } = await pins();
    await rig.control('/faults', { otp: { randomPins: true } });
    const pinId = await send();
    const sent = await rig.control(`/otp?phone=${encodeURIComponent(phone)}`);
    const pin = sent.at('pins.0.pin');
    expect(pin).toMatch(/^\d{6}$/);
    expect(await collect('seeded1', { pinId, pin: '123456' })).toBe('invalid otp pin');
    expect(await collect('seeded1', { pinId, pin })).toBe('pending');
  });
});
