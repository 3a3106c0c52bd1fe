// What binds a payout to its quotation, and what payouts do to the wallet.
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { RECIPIENT, type Rig, startRig } from './rig.ts';

const statusOf = (rig: Rig, reference: string, status: string) =>
  until(async () => {
    const answer = await rig.get(`/transactions/${reference}`);
    return answer.at('data.transactions.0.status') === status && answer;
  }, `${reference} is ${status}`);

const PHONE = { ...RECIPIENT, phoneNumber: '+256712345678' };
const BANK = {
  ...PHONE,
  bankCode: '0000',
  bankName: 'Default Bank',
  bankAccountName: 'JOHN OKELLO',
  bankAccountNumber: '0123456789',
};

describe('a quotation', () => {
  it.each([
    [{ amount: 0 }, 'amount must be a positive number'],
    [{ amount: 1.001 }, 'amount must have at most 2 decimals'],
    [{ amount: '1000' }, 'amount must be a number'],
    [{ amountType: 'source' }, 'amountType must be one of the following values: SOURCE, DESTINATION'],
    [{ type: 'card' }, 'type must be one of the following values: momo, bank'],
    [{ destinationCountry: 'RW', type: 'bank', destinationCurrency: 'RWF' }, 'bank payouts to RW are not supported'],
    [{ destinationCountry: 'KE' }, 'destinationCurrency UGX is not supported in KE'],
    [{ sourceWallet: 'XXX' }, 'sourceWallet must be a valid ISO4217 currency code'],
    [{ destinationCountry: undefined }, 'destinationCountry should not be empty'],
    [{ note: 1 }, 'property note should not exist'],
  ])('with %j is refused: %s', async (wrong, message) => {
    const answer = await (await startRig()).quote(wrong);
    expect([answer.status, answer.at('message')]).toEqual([400, message]);
  });

  it('prices the other way round when the destination amount is fixed', async () => {
    const rig = await startRig();
    const wanted = { amount: 100, amountType: 'DESTINATION', destinationCountry: 'KE', destinationCurrency: 'KES' };
    expect((await rig.quote(wanted)).at('data.quotation')).toMatchObject({
      sourceAmount: '2868.22',
      destinationAmount: '100',
      totalFees: '2500',
      totalAmount: '5368.22',
      amountType: 'DESTINATION',
      amount: '100',
    });
  });

  it('follows prices that a control call changed', async () => {
    const rig = await startRig();
    await rig.control('/faults', { prices: { payoutFees: { UGX: '75.5' }, perUsd: { KES: '3700' } } });
    const quotation = await rig.quote({ destinationCountry: 'KE', destinationCurrency: 'KES' });
    expect(quotation.at('data.quotation')).toMatchObject({
      totalFees: '75.5',
      exchangeRate: '1',
      destinationAmount: '1000',
      totalAmount: '1075.50',
    });
  });

  it('names the Eversend user it would pay, and refuses to pay one who does not exist', async () => {
    const rig = await startRig();
    const ask = (phone: string) =>
      rig.post('/payouts/quotation', { sourceWallet: 'UGX', amount: 1000, identifier: 'phone', phone });
    const known = await ask('+2348030000077');
    expect(known.at('data')).toMatchObject({
      quotation: { type: 'eversend', destinationCurrency: 'NGN', destinationAmount: '418.92', totalFees: '0' },
      merchant: { merchantExists: true, country: 'NG', phoneNumber: { prefix: '+234', number: '8030000077' } },
    });
    const paid = await rig.post('/payouts', { token: known.at('data.token'), transactionRef: 'wallet1' });
    expect(paid.at('data.transaction.beneficiary')).toEqual({
      firstName: null,
      lastName: null,
      phoneNumber: '+2348030000077',
      country: 'NG',
    });
    const unknown = await ask('+2348030000404');
    expect(unknown.at('data.merchant.merchantExists')).toBe(false);
    const refused = await rig.post('/payouts', { token: unknown.at('data.token') });
    expect(refused.at('message')).toBe('recipient has no eversend account');
  });

  it('is for one use, and only until it expires', async () => {
    const rig = await startRig({ quotationTtlMs: 60_000 });
    const token = (await rig.quote()).at('data.token');
    expect((await rig.post('/payouts', { token, ...PHONE })).status).toBe(200);
    expect((await rig.post('/payouts', { token, ...PHONE })).at('message')).toBe('token already used');
    const stale = await rig.quote();
    await rig.control('/clock', { advanceMs: 60_000 });
    const late = await rig.post('/payouts', { token: stale.at('data.token'), ...PHONE });
    expect([late.status, late.at('message')]).toEqual([400, 'token expired']);
    await rig.control('/faults', { enforce_token_expiry: false });
    expect((await rig.post('/payouts', { token: stale.at('data.token'), ...PHONE })).status).toBe(200);
  });

  it('states the very expiry that it enforces, however short', async () => {
    const rig = await startRig({ quotationTtlMs: 250 });
    const answer = await rig.quote();
    const [, payload = ''] = String(answer.at('data.token')).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { iat: number; exp: number };
    expect(Date.parse(String(answer.at('data.expires')))).toBe(Math.round(claims.exp * 1000));
    const usual = await (await startRig()).quote();
    const [, usualPayload = ''] = String(usual.at('data.token')).split('.');
    const { iat, exp } = JSON.parse(Buffer.from(usualPayload, 'base64url').toString()) as { iat: number; exp: number };
    expect([exp - iat, Number.isInteger(exp)]).toEqual([1800, true]);
  });

  it('cannot be forged or altered', async () => {
    const rig = await startRig();
    const [header, payload = '', signature] = String((await rig.quote()).at('data.token')).split('.');
    const claims = Buffer.from(payload, 'base64url').toString().replace('"1000"', '"9000"');
    const altered = Buffer.from(claims).toString('base64url');
    for (const token of [`${header}.${altered}.${signature}`, `${header}.${payload}`, 'nonsense', 'a.b.c']) {
      const answer = await rig.post('/payouts', { token, ...PHONE });
      expect([answer.status, answer.at('message')]).toEqual([400, 'invalid quotation token']);
    }
  });
});

describe('a payout', () => {
  it.each([
    ['momo', { ...PHONE, country: 'KE' }, 'token is for UG: the recipient is elsewhere'],
    ['momo', { ...PHONE, lastName: undefined }, 'lastName should not be empty'],
    ['momo', BANK, 'token is for a momo payout: the recipient is not'],
    ['momo', {}, 'token is for a momo payout: recipient fields should not be empty'],
    ['momo', { beneficiaryId: 7 }, 'beneficiary not found'],
    ['momo', { ...PHONE, quotationToken: 'x' }, 'property quotationToken should not exist'],
    ['bank', PHONE, 'token is for a bank payout: the recipient is not'],
    ['bank', { ...BANK, bankCode: '9999' }, 'bankCode is not known'],
    ['bank', { ...BANK, bankName: undefined }, 'bankName should not be empty'],
  ])('on a %s quotation with %j is refused: %s', async (type, body, message) => {
    const rig = await startRig();
    const token = (await rig.quote({ type })).at('data.token');
    const answer = await rig.post('/payouts', { token, transactionRef: 'bound1', ...body });
    expect([answer.status, answer.at('message')]).toEqual([400, message]);
    expect(await rig.executed('bound1')).toBe(0);
  });

  it('debits amount and fee at acceptance and keeps them when it succeeds', async () => {
    const rig = await startRig({ settleMs: null });
    const before = await rig.balance('UGX');
    await rig.payOut('debited1');
    expect(await rig.balance('UGX')).toBe(before - 3500);
    await rig.control('/transactions/debited1', { status: 'successful' });
    expect(await rig.balance('UGX')).toBe(before - 3500);
  });

  it('is credited back with isRefunded when it fails', async () => {
    const rig = await startRig();
    const before = await rig.balance('UGX');
    await rig.payOut('failing1', '+256712340000');
    const failed = await statusOf(rig, 'failing1', 'failed');
    expect(failed.at('data.transactions.0')).toMatchObject({ isRefunded: true, reason: expect.any(String) });
    expect(await rig.balance('UGX')).toBe(before);
  });

  it('is refused with 402 when the wallet does not cover amount and fee, and to the unit accepted when it does', async () => {
    const rig = await startRig({ wallets: { UGX: '3499.99' } });
    const refused = await rig.payOut('poor1');
    expect([refused.status, refused.at()]).toEqual([
      402,
      { code: 402, message: 'insufficient balance', success: false },
    ]);
    await rig.control('/wallets', { UGX: '3500' });
    expect((await rig.payOut('poor1')).status).toBe(200);
    expect(await rig.balance('UGX')).toBe(0);
  });

  it('is refused from a wallet that was deactivated', async () => {
    const rig = await startRig();
    const off = await rig.post('/wallets/deactivate', { wallet: 'UGX' });
    expect(off.at('data.wallet')).toMatchObject({ currency: 'UGX', enabled: false });
    expect((await rig.quote()).at('message')).toBe('UGX wallet is not active');
    expect((await rig.collect('inactive1')).at('message')).toBe('UGX wallet is not active');
    await rig.post('/wallets/activate', { wallet: 'UGX' });
    expect((await rig.payOut('inactive1')).status).toBe(200);
  });

  it('in a race for a wallet that covers three is accepted three times', async () => {
    const rig = await startRig({ wallets: { UGX: '10500' } });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => rig.payOut(`race${n}`)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(await rig.balance('UGX')).toBe(0);
  });

  it('to a person already saved uses the same beneficiary', async () => {
    const rig = await startRig();
    const one = await rig.payOut('saved1');
    const two = await rig.payOut('saved2');
    const id = one.at('data.transaction.beneficiary.id');
    expect(two.at('data.transaction.beneficiary.id')).toBe(id);
    expect((await rig.get('/beneficiaries')).at('data.totalBeneficiaries')).toBe(1);
  });
});

it('checks bank accounts and Eversend users, and knows none that ends in 0404', async () => {
  const rig = await startRig();
  const bank = (accountNumber: string) =>
    rig.post('/beneficiaries/accounts/banks', { countryCode: 'UG', bankCode: '14', accountNumber });
  expect((await bank('0012033048')).at('data')).toEqual({
    bank_code: '14',
    account_number: '0012033048',
    account_name: expect.stringMatching(/^[A-Z]+ [A-Z]+$/),
  });
  expect((await bank('0012030404')).at('message')).toBe('account could not be resolved');
  const user = async (body: object) =>
    (await rig.post('/beneficiaries/accounts/eversend', body)).at('data.accountExists');
  expect(await user({ phone: '+256712345678' })).toBe(true);
  expect(await user({ phone: '+256712340404', email: 'ada@example.com' })).toBe(false);
  expect(await user({ email: 'ada0404@example.com' })).toBe(false);
});
