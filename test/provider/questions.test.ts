// Calls that move no money: quotations, fees, one-time codes, lists and checks.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ProviderRejected, ProviderUnavailable } from '../../src/errors.ts';
import { createEversendProvider } from '../../src/provider/eversend/adapter.ts';
import type { Provider, QuoteOrder } from '../../src/provider/provider.ts';
import {
  createTestCache,
  type Exchange,
  type HostileProvider,
  providerConfig,
  startHostileProvider,
} from '../support/hostile-provider.ts';
import { open, payoutOrder, silentLog } from '../support/provider-orders.ts';

const order: QuoteOrder = {
  sourceCurrency: 'UGX',
  amountMinor: 70_000n,
  amountType: 'source',
  method: 'momo',
  country: 'KE',
  destinationCurrency: 'KES',
  recipient: {},
};
const toWallet: QuoteOrder = {
  ...order,
  method: 'eversend',
  country: null,
  destinationCurrency: null,
  recipient: { tag: 'ada' },
};
const quoted = (more: object = {}) => ({
  sourceCountry: 'UG',
  sourceCurrency: 'UGX',
  sourceAmount: '700',
  destinationCountry: 'KE',
  destinationCurrency: 'KES',
  destinationAmount: '21.71',
  exchangeRate: '0.031007201981367',
  totalFees: '2500',
  totalAmount: '3200.00',
  ...more,
});
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;

let server: HostileProvider;
let provider: Provider;

beforeAll(async () => {
  server = await startHostileProvider();
});
beforeEach(() => {
  server.calls.length = 0;
  provider = createEversendProvider({ config: providerConfig(server.url), cache: createTestCache(), log: silentLog });
});
afterEach(() => provider.close());
afterAll(() => server.close());

function answer(data: unknown, headers: Record<string, string> = {}) {
  server.on(({ json }) => json(200, { code: 200, success: true, data }, headers));
}

describe('a quotation', () => {
  test('is asked for and read exactly, numbers or text', async () => {
    const expires = new Date(Date.now() + 1_800_000).toISOString();
    answer({
      token: 't',
      expires,
      quotation: quoted({ sourceAmount: 700, totalFees: 2500.0, destinationAmount: 21.705 }),
    });
    expect(await provider.quote(order)).toEqual({
      token: 't',
      expiresAt: new Date(expires),
      expiryStated: true,
      sourceCurrency: 'UGX',
      sourceAmountMinor: 70_000n,
      feesMinor: 250_000n,
      totalMinor: 320_000n,
      destinationCurrency: 'KES',
      destinationAmountMinor: 2171n,
      destinationCountry: 'KE',
      rate: '0.031007201981367',
    });
    expect(server.calls[0]?.path).toBe('/v1/payouts/quotation');
    expect(JSON.parse(server.calls[0]?.body ?? '')).toEqual({
      sourceWallet: 'UGX',
      amount: 700,
      amountType: 'SOURCE',
      type: 'momo',
      destinationCountry: 'KE',
      destinationCurrency: 'KES',
    });
  });

  test('writes decimals digit for digit', async () => {
    answer({ token: 't', quotation: quoted({ destinationAmount: '21.71' }) });
    await provider.quote({ ...order, amountType: 'destination', amountMinor: 2171n });
    expect(server.calls[0]?.body).toContain('"amount":21.71,"amountType":"DESTINATION"');
  });

  test('ends when it says, else when its token says, else after a guess that is marked as one', async () => {
    const exp = Math.floor(Date.now() / 1000) + 1800;
    answer({ token: jwt({ exp }), quotation: quoted() });
    expect(await provider.quote(order)).toMatchObject({ expiresAt: new Date(exp * 1000), expiryStated: true });
    // A moment without a zone could be hours away from what it seems to be here: it says nothing.
    for (const expires of ['2030-01-01T00:00:00', '2030-01-01 00:00:00.000', '2030-01-01', '+200000-01-01T00:00:00Z']) {
      answer({ token: jwt({ exp }), expires, quotation: quoted() });
      expect(await provider.quote(order)).toMatchObject({ expiresAt: new Date(exp * 1000), expiryStated: true });
      answer({ token: 'opaque', expires, quotation: quoted() });
      expect(await provider.quote(order)).toMatchObject({ expiryStated: false });
    }
    for (const expires of ['2030-01-01T03:00:00+03:00', '2030-01-01T00:00:00.000Z', 'Tue, 01 Jan 2030 00:00:00 GMT']) {
      answer({ token: jwt({ exp }), expires, quotation: quoted() });
      expect(await provider.quote(order)).toMatchObject({ expiresAt: new Date(Date.UTC(2030, 0)), expiryStated: true });
    }
    for (const token of ['opaque', jwt({}), jwt({ exp: 'soon' }), 'a.!!.c']) {
      answer({ token, quotation: quoted() });
      const guessed = await provider.quote(order);
      expect(guessed.expiryStated).toBe(false);
      expect(Math.abs(guessed.expiresAt.getTime() - Date.now() - 25 * 60_000)).toBeLessThan(2000);
    }
  });

  test("is measured by the provider's clock, so that a wrong one here does not make it look expired", async () => {
    const theirs = Date.now() - 86_400_000;
    const expires = new Date(theirs + 1_800_000).toISOString();
    answer({ token: 't', expires, quotation: quoted() }, { date: new Date(theirs).toUTCString() });
    const quotation = await provider.quote(order);
    server.on(({ json }) => json(400, { message: 'beneficiary phone is invalid' }));
    expect(await provider.submitPayout(payoutOrder({ quotation }), open())).toMatchObject({ kind: 'refused' });
    expect(quotation.expiresAt).toEqual(new Date(expires));
  });

  test.each([
    ['another amount', { sourceAmount: '701' }],
    ['another source currency', { sourceCurrency: 'KES' }],
    ['another destination currency', { destinationCurrency: 'NGN' }],
    ['another country', { destinationCountry: 'NG' }],
  ])('of %s than asked is refused', async (_what, more) => {
    answer({ token: 't', quotation: quoted(more) });
    const refusal = await provider.quote(order).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ProviderRejected);
    expect(refusal).toMatchObject({ code: 'quote_mismatch' });
  });

  test('that could not be kept is refused or not understood', async () => {
    const merchant = { merchantExists: true };
    answer({ token: 't', quotation: quoted({ destinationCurrency: 'USDT' }), merchant });
    await expect(provider.quote(toWallet)).rejects.toMatchObject({ code: 'quote_mismatch' });
    for (const more of [{ totalFees: '-1' }, { destinationAmount: '0' }]) {
      answer({ token: 't', quotation: quoted(more) });
      await expect(provider.quote(order)).rejects.toMatchObject({ code: 'unreadable' });
    }
    answer({ token: 't', quotation: quoted({ sourceAmount: '0' }) });
    await expect(provider.quote({ ...order, amountType: 'destination', amountMinor: 2171n })).rejects.toMatchObject({
      code: 'unreadable',
    });
  });

  test('for a wallet names its owner one way, and is refused when nobody is there', async () => {
    const merchant = { merchantExists: true, firstName: 'Ada' };
    answer({ token: 't', quotation: quoted({ destinationCountry: 'NG', destinationCurrency: 'NGN' }), merchant });
    expect(await provider.quote(toWallet)).toMatchObject({ destinationCurrency: 'NGN', destinationCountry: 'NG' });
    expect(JSON.parse(server.calls[0]?.body ?? '')).toEqual({
      sourceWallet: 'UGX',
      amount: 700,
      amountType: 'SOURCE',
      identifier: 'tag',
      tag: 'ada',
    });
    for (const data of [
      { merchant: { merchantExists: false } },
      { token: 't', quotation: quoted(), merchant: { merchantExists: false } },
      { token: 't', quotation: quoted() },
    ]) {
      answer(data);
      await expect(provider.quote(toWallet)).rejects.toMatchObject({ code: 'invalid_recipient' });
    }
  });

  test.each([
    ['refused', 400, { message: 'amount must not be less than 500' }, ProviderRejected, 'limit_exceeded'],
    ['unreadable', 200, { data: { token: 't' } }, ProviderUnavailable, 'unreadable'],
    ['not there', 404, { message: 'Not found' }, ProviderUnavailable, 'forbidden'],
    ['failing', 500, {}, ProviderUnavailable, 'server_error'],
  ])('that is %s', async (_what, status, body, kind, code) => {
    server.on(({ json }) => json(status, body));
    const error = await provider.quote(order).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ code });
    expect(provider.configurationProblem() !== null).toBe(status === 404);
  });
});

describe('collections', () => {
  test("a collection's charge and limits", async () => {
    answer({
      currency: 'UGX',
      charges: '300',
      total_to_pay: '20300',
      amount: 20000,
      min_load_amount: '500.00',
      max_load_amount: '4000000.00',
    });
    expect(await provider.collectionFees({ amountMinor: 2_000_000n, currency: 'UGX' })).toEqual({
      currency: 'UGX',
      chargeMinor: 30_000n,
      totalToPayMinor: 2_030_000n,
      minimumMinor: 50_000n,
      maximumMinor: 400_000_000n,
    });
    expect(JSON.parse(server.calls[0]?.body ?? '')).toEqual({ method: 'momo', currency: 'UGX', amount: 20000 });
    await expect(provider.collectionFees({ amountMinor: 100n, currency: 'UGX' })).rejects.toMatchObject({
      code: 'unreadable',
    });
  });

  test('a one-time code', async () => {
    answer({ pinId: 'VE0a1b' });
    expect(await provider.requestOtp('+256712345678')).toEqual({ pinId: 'VE0a1b' });
    expect(server.calls[0]).toMatchObject({ path: '/v1/collections/otp', body: '{"phone":"+256712345678"}' });
  });

  test.each([
    ['was lost', ({ socket }: Exchange) => void socket.destroy()],
    ['was an error', ({ json }: Exchange) => json(500, {})],
    ['cannot be read', ({ response }: Exchange) => void response.end('<html>')],
  ])(
    'a one-time code whose answer %s is not asked for again: the payer may have the message',
    async (_what, handle) => {
      server.on(handle);
      await expect(provider.requestOtp('+256712345678')).rejects.toBeInstanceOf(ProviderUnavailable);
      expect(server.calls).toHaveLength(1);
    },
  );
});

describe('lists and checks', () => {
  test('countries and banks are asked for once an hour; entries that cannot be understood are left out', async () => {
    answer({
      countries: [
        { country: 'UG', name: 'Uganda', phonePrefix: '+256', paymentTypes: ['momo', 'bank', 'moon'] },
        { name: 'Nowhere' },
      ],
    });
    const [first] = await Promise.all([provider.countries(), provider.countries()]);
    expect(first).toEqual([{ country: 'UG', name: 'Uganda', phonePrefix: '+256', methods: ['momo', 'bank'] }]);
    await provider.countries();
    expect(server.calls).toHaveLength(1);
    answer([
      { code: '0000', name: 'Default Bank', active: true },
      { bankCode: 14, name: 'B' },
      { code: '9', name: 'Shut', active: false },
    ]);
    expect(await provider.banks('UG')).toEqual([
      { code: '0000', name: 'Default Bank' },
      { code: '14', name: 'B' },
    ]);
    await provider.banks('UG');
    await provider.banks('NG');
    expect(server.calls.map((call) => call.path)).toEqual([
      '/v1/payouts/countries',
      '/v1/payouts/banks/UG',
      '/v1/payouts/banks/NG',
    ]);
  });

  test('a list that failed is asked for again', async () => {
    server.on(({ json }) => json(500, {}));
    await expect(provider.countries()).rejects.toBeInstanceOf(ProviderUnavailable);
    answer({ countries: [] });
    expect(await provider.countries()).toEqual([]);
  });

  test('an account at a bank, and at Eversend', async () => {
    answer({ bank_code: '14', account_number: '0012', account_name: 'JOHN DOE' });
    const account = { country: 'UG', bankCode: '14', accountNumber: '0012' };
    expect(await provider.verifyBankAccount(account)).toEqual({ accountName: 'JOHN DOE' });
    expect(JSON.parse(server.calls[0]?.body ?? '')).toEqual({
      countryCode: 'UG',
      bankCode: '14',
      accountNumber: '0012',
    });
    server.on(({ json }) => json(404, { message: 'Account not found' }));
    await expect(provider.verifyBankAccount(account)).rejects.toMatchObject({ code: 'invalid_recipient' });
    expect(provider.configurationProblem()).toBeNull();
    answer({ accountExists: false });
    expect(await provider.eversendAccountExists({ email: 'a@example.com' })).toBe(false);
    expect(server.calls.at(-1)).toMatchObject({
      path: '/v1/beneficiaries/accounts/eversend',
      body: '{"email":"a@example.com"}',
    });
  });

  test('wallets', async () => {
    answer([
      { currency: 'UGX', amount: '398.78', enabled: true },
      { currency: 'KES', amount: 500, enabled: false },
      { currency: 'USD', amount: null },
    ]);
    expect(await provider.wallets()).toEqual([
      { currency: 'UGX', balanceMinor: 39_878n, enabled: true },
      { currency: 'KES', balanceMinor: 50_000n, enabled: false },
      { currency: 'USD', balanceMinor: 0n, enabled: true },
    ]);
  });

  test('transactions by day', async () => {
    const listed = {
      transactionId: 'BE1',
      transactionRef: 'co1',
      type: 'exchange',
      status: 'successful',
      currency: 'UGX',
      amount: 5,
    };
    answer({ transactions: [listed, { transactionId: 'BE2', amount: 0.025828573079 }], total: '41', page: 2 });
    const page = await provider.transactions({ from: '2026-09-01', to: '2026-09-02', page: 2, limit: 20 });
    expect(page).toMatchObject({ total: 41, page: 2, transactions: [{ type: 'other', amountMinor: 500n }] });
    expect(server.calls[0]?.path).toBe('/v1/transactions?from=2026-09-01&to=2026-09-02&page=2&limit=20');
  });
});
