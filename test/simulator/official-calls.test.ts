// Every call that Eversend's official Node SDK makes, as it makes it (base address with a slash too many), and what it reads of the answers.
import { expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { CREDENTIALS, call, type Rig, startRig } from './rig.ts';

const text = expect.any(String);
const number = expect.any(Number);

/** The SDK joins a base ending in a slash, a slash, and a path beginning with one. */
const slashed = (rig: Rig) => ({
  get: (path: string) => rig.get(`//${path}`),
  post: (path: string, body: unknown) => rig.post(`//${path}`, body),
});

it('gives a token for client id and secret in headers, outside any envelope, and refuses wrong ones', async () => {
  const { simulator } = await startRig();
  const good = await call(`${simulator.url}//auth/token`, { headers: CREDENTIALS });
  expect(good.at()).toEqual({ status: 200, token: expect.stringMatching(/^[0-9a-f]{40}$/), expires: text });
  for (const headers of [{}, { ...CREDENTIALS, clientSecret: 'wrong' }]) {
    const bad = await call(`${simulator.url}/auth/token`, { headers });
    expect([bad.status, bad.at()]).toEqual([401, { code: 401, message: 'invalid client credentials', success: false }]);
  }
});

it('answers account and wallets in the documented shapes', async () => {
  const { get } = slashed(await startRig());
  expect((await get('/account')).at()).toMatchObject({
    code: 200,
    success: true,
    data: { id: 3, name: text, email: text, phone: expect.stringMatching(/^\d+$/), country: 'UG', isVerified: true },
  });
  const wallet = {
    currency: 'UGX',
    currencyType: 'fiat',
    amount: number,
    enabled: true,
    name: 'Ugandan Shilling',
    icon: text,
    amountInBaseCurrency: number,
    isMain: true,
  };
  expect((await get('/wallets')).at('data')).toEqual(expect.arrayContaining([wallet]));
  expect((await get('/wallets/UGX')).at('data')).toEqual({ wallet });
  expect((await get('/wallets/ABC')).status).toBe(404);
});

it('collects: fees, pin, collection, and for Ghana with redirect_url and a page to open', async () => {
  const rig = await startRig({ otpExempt: false });
  const { post } = slashed(rig);
  const fees = await post('/collections/fees', { method: 'momo', currency: 'UGX', amount: 20000 });
  expect(fees.at('data')).toMatchObject({ charges: '300', total_to_pay: '20300', amount: '20000', currency: 'UGX' });
  const otp = await post('/collections/otp', { phone: '+256712345678' });
  const collected = await post('/collections/momo', {
    amount: 2000,
    currency: 'UGX',
    country: 'UG',
    phone: '+256712345678',
    transactionRef: 'official1',
    customer: '{"email":"a@example.com"}',
    otp: { pin: '123456', pinId: otp.at('data.pinId') },
  });
  expect([collected.status, collected.at('data')]).toEqual([
    200,
    {
      transactionId: expect.stringMatching(/^BE3\d{13}$/),
      transactionRef: 'official1',
      type: 'collection',
      currency: 'UGX',
      amount: '2000',
      customer: { email: 'a@example.com' },
      balanceBefore: null,
      balanceAfter: null,
      status: 'pending',
      createdAt: text,
      updatedAt: text,
    },
  ]);
  const pin = await post('/collections/otp', { phone: '+233241234567' });
  const ghana = await post('/collections/momo', {
    amount: 20,
    currency: 'GHS',
    country: 'GH',
    phone: '+233241234567',
    redirect_url: 'https://shop.example/back',
    otp: { pin: '123456', pinId: pin.at('data.pinId') },
  });
  const page = await call(String(ghana.at('data.redirectUrl')));
  expect([page.status, page.headers.get('location')]).toEqual([302, 'https://shop.example/back']);
});

it('pays out: countries, banks, quotation, a new phone, a new bank account, a saved beneficiary by quotationToken', async () => {
  const rig = await startRig();
  const { get, post } = slashed(rig);
  expect((await get('/payouts/countries')).at('data.countries')).toContainEqual({
    id: text,
    country: 'UG',
    name: 'Uganda',
    phonePrefix: '+256',
    paymentTypes: ['eversend', 'momo', 'bank'],
  });
  expect((await get('/payouts/banks/NG')).at('data.0')).toEqual({
    id: text,
    active: true,
    name: text,
    code: '0000',
    branch: { id: text, code: '', state: 'N/A', city: 'N/A', name: 'Main Branch' },
  });
  const ask = { sourceWallet: 'UGX', type: 'momo', amount: 700, destinationCountry: 'KE', destinationCurrency: 'KES' };
  const quotation = await post('/payouts/quotation', ask);
  expect(quotation.at('data')).toEqual({
    token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/),
    quotation: {
      sourceCountry: 'UG',
      sourceCurrency: 'UGX',
      sourceAmount: '700',
      destinationCountry: 'KE',
      destinationCurrency: 'KES',
      destinationAmount: '24.41',
      exchangeRate: '0.034864864864864',
      totalFees: '2500',
      totalAmount: '3200.00',
      type: 'momo',
      amountType: 'SOURCE',
      amount: '700',
    },
  });
  const person = { firstName: 'John', lastName: 'Okello', phoneNumber: '+254712345678', country: 'KE' };
  const paid = await post('/payouts', { token: quotation.at('data.token'), ...person, transactionRef: 'official2' });
  expect(paid.at('data.transaction')).toMatchObject({
    transactionId: expect.stringMatching(/^BP3\d{13}$/),
    transactionRef: 'official2',
    amount: 700,
    fees: 2500,
    balanceBefore: 0,
    destinationAmount: '24.41',
    beneficiary: { id: number, firstName: 'John', bankCode: null },
    reason: null,
    status: 'pending',
  });
  const forBank = { ...ask, type: 'bank', destinationCountry: 'NG', destinationCurrency: 'NGN' };
  const bankQuotation = await post('/payouts/quotation', forBank);
  const toBank = await post('/payouts', {
    token: bankQuotation.at('data.token'),
    firstName: 'Ada',
    lastName: 'Example',
    phoneNumber: '+2348031234567',
    country: 'NG',
    bankName: 'Default Bank',
    bankAccountName: 'ADA EXAMPLE',
    bankCode: '0000',
    bankAccountNumber: '0123456789',
  });
  expect(toBank.at('data.transaction.beneficiary.bankAccountNumber')).toBe('0123456789');
  expect(toBank.at('data.transaction')).not.toHaveProperty('transactionRef');
  const forSaved = await post('/payouts/quotation', ask);
  const toSaved = await post('/payouts', {
    quotationToken: forSaved.at('data.token'),
    beneficiaryId: paid.at('data.transaction.beneficiary.id'),
    transactionRef: 'official3',
  });
  expect([toSaved.status, toSaved.at('data.transaction.transactionRef')]).toEqual([200, 'official3']);
});

it('keeps beneficiaries: array in, no id out, found by list, one as an array of one, deleted', async () => {
  const rig = await startRig();
  const { get, post } = slashed(rig);
  const item = { firstName: 'Jane', lastName: 'Doe', country: 'UG', phoneNumber: '+256701234567' };
  expect((await post('/beneficiaries', [item])).at()).toEqual({ code: 200, success: true });
  const list = await get('/beneficiaries?page=1&limit=10');
  expect(list.at('data')).toMatchObject({ total: 1, limit: 10, page: 1, totalBeneficiaries: 1 });
  const id = list.at('data.beneficiaries.0.id');
  expect((await get(`/beneficiaries/${id}`)).at('data.beneficiary')).toEqual([
    {
      id,
      ...item,
      email: null,
      bankName: null,
      bankCode: null,
      bankAccountName: null,
      bankAccountNumber: null,
      isEversend: false,
      avatar: null,
      isBank: false,
      isMomo: true,
      transactions: [],
    },
  ]);
  await rig.post(`/beneficiaries/${id}`, { lastName: 'Roe' }, 'PUT');
  expect((await get('/beneficiaries?search=jane%20roe')).at('data.total')).toBe(1);
  expect((await rig.post(`//beneficiaries/${id}`, undefined, 'DELETE')).at()).toEqual({ code: 200, success: true });
  expect((await get(`/beneficiaries/${id}`)).status).toBe(404);
});

it('exchanges at once, with 201 in the body and 200 on the wire, and refuses the token a second time', async () => {
  const { get, post } = slashed(await startRig());
  const quotation = await post('/exchanges/quotation', { from: 'UGX', to: 'KES', amount: 100 });
  expect(quotation.at('data.quotation')).toMatchObject({ baseAmount: 100, destWalletAfter: null, rate: number });
  const token = quotation.at('data.token');
  const done = await post('/exchanges', { token, transactionRef: 'official4' });
  expect([done.status, done.at('code'), done.at('data.destination.amount')]).toEqual([200, 201, 3.49]);
  expect(done.at('data.source')).toEqual({
    currency: 'UGX',
    amount: 100,
    balance: { before: '1000000000', after: '999999900' },
  });
  expect((await post('/exchanges', { token })).at('message')).toBe('token already used');
  expect((await get('/transactions/official4')).at('data.transactions.0')).toMatchObject({
    type: 'exchange',
    status: 'successful',
    destinationAmount: '3.49',
  });
});

it('lists and looks up transactions by either identifier, amounts as text', async () => {
  const rig = await startRig();
  const { get } = slashed(rig);
  const id = (await rig.collect('official5')).at('data.transactionId');
  const found = await until(async () => {
    const answer = await get(`/transactions/${id}`);
    return answer.at('data.transactions.0.status') === 'successful' && answer;
  }, 'the collection is successful');
  expect(found.at('data.transactions.0')).toMatchObject({
    transactionRef: 'official5',
    amount: '2000',
    fees: '30',
    balanceBefore: '1000000000',
    balanceAfter: '1000002000',
    isRefunded: false,
  });
  expect((await get('/transactions/official5')).text).toBe(found.text);
  expect((await get('/transactions?page=1&limit=10')).at('data')).toMatchObject({
    total_collections: '2000',
    total_payouts: '0',
    total: 1,
    limit: 10,
    page: 1,
  });
  expect((await get('/transactions/unknown')).at()).toEqual({
    code: 404,
    message: 'transaction not found',
    success: false,
  });
});

it('lets nobody in without a good token and knows no other paths', async () => {
  const rig = await startRig();
  for (const headers of [{}, { authorization: 'Bearer nonsense' }] as Record<string, string>[]) {
    expect((await call(`${rig.simulator.url}/account`, { headers })).at('message')).toBe('invalid token');
  }
  expect((await rig.post('/collections/bank', {})).status).toBe(404);
  expect((await rig.get('/payouts/banks/UG/14')).status).toBe(404);
});
