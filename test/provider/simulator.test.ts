// The client against the simulator: every call there is, and every way a money call can break on a provider that keeps a book.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEversendProvider } from '../../src/provider/eversend/adapter.ts';
import type { Provider } from '../../src/provider/provider.ts';
import type { CallFault } from '../../src/simulator/fault-list.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { createTestCache, providerConfig } from '../support/hostile-provider.ts';
import { collectionOrder, open, payoutOrder, silentLog } from '../support/provider-orders.ts';
import { until } from '../support/until.ts';

let simulator: Simulator;
let provider: Provider;

beforeAll(async () => {
  simulator = await startSimulator({
    clientId: 'client',
    clientSecret: 'secret',
    otpExempt: true,
    settleMs: 30,
    wallets: { UGX: '90000000' },
    settings: { hang_ms: 3000, slow_ms: 2000 },
  });
  provider = createEversendProvider({
    // The breaker would rest after five faults in a row; here every call is meant to meet its fault.
    config: providerConfig(simulator.url, { RETRY_BASE_MS: '1', PROVIDER_TIMEOUT_MS: '800' }),
    cache: createTestCache(),
    log: silentLog,
  });
});
afterAll(async () => {
  await provider.close();
  await simulator.close();
});

async function order(what: object) {
  const answer = await fetch(`${simulator.controlUrl}/faults`, { method: 'POST', body: JSON.stringify(what) });
  expect(answer.status).toBe(200);
}

const quote = () =>
  provider.quote({
    sourceCurrency: 'UGX',
    amountMinor: 100_000n,
    amountType: 'source',
    method: 'momo',
    country: 'UG',
    destinationCurrency: 'UGX',
    recipient: {},
  });
const lookUp = (reference: string) => provider.lookUp({ reference, providerTransactionId: null });

describe('every call', () => {
  test('a collection from its fee to its success', async () => {
    const sent = collectionOrder({ customer: { name: 'Ada', email: 'ada@example.com' } });
    expect(await provider.collectionFees({ amountMinor: 200_000n, currency: 'UGX' })).toMatchObject({
      chargeMinor: 3000n,
    });
    expect(await provider.requestOtp(sent.phone)).toEqual({ pinId: expect.any(String) });
    const ending = await provider.submitCollection(sent, open());
    expect(ending).toMatchObject({ kind: 'accepted', transaction: { type: 'collection', status: 'pending' } });
    const found = await until(async () => {
      const result = await lookUp(sent.reference);
      return result.kind === 'found' && result.transaction.status === 'successful' && result.transaction;
    }, 'it is successful');
    expect(found).toMatchObject({ amountMinor: 200_000n, feesMinor: 3000n, currency: 'UGX', type: 'collection' });
    const byId = await provider.lookUp({
      reference: sent.reference,
      providerTransactionId: found.providerTransactionId,
    });
    expect(byId).toMatchObject({ kind: 'found' });
  });

  test.each(['momo', 'bank', 'eversend'] as const)('a %s payout from its quotation to its success', async (method) => {
    const recipient = {
      firstName: 'John',
      lastName: 'Okello',
      phone: '+256712345678',
      bankCode: '14',
      bankName: 'Bank',
      accountName: 'JOHN OKELLO',
      accountNumber: '0012033048',
    };
    const toWallet = method === 'eversend';
    const quotation = await provider.quote({
      sourceCurrency: 'UGX',
      amountMinor: 100_000n,
      amountType: 'source',
      method,
      country: toWallet ? null : 'UG',
      destinationCurrency: toWallet ? null : 'UGX',
      recipient: toWallet ? { phone: recipient.phone } : recipient,
    });
    expect(quotation).toMatchObject({ expiryStated: true, sourceAmountMinor: 100_000n });
    const sent = payoutOrder({ method, recipient, quotation, country: toWallet ? null : 'UG' });
    expect(await provider.submitPayout(sent, open())).toMatchObject({ kind: 'accepted' });
    await until(async () => {
      const result = await lookUp(sent.reference);
      return result.kind === 'found' && result.transaction.status === 'successful';
    }, 'it is successful');
  });

  test('lists and checks', async () => {
    const countries = await provider.countries();
    expect(countries.find(({ country }) => country === 'UG')?.methods).toContain('momo');
    const [bank] = await provider.banks('UG');
    expect(bank?.code).toBeTruthy();
    const account = { country: 'UG', bankCode: bank?.code ?? '', accountNumber: '0012033048' };
    expect(await provider.verifyBankAccount(account)).toEqual({ accountName: expect.any(String) });
    expect(await provider.eversendAccountExists({ phone: '+256712345678' })).toBe(true);
    expect((await provider.wallets()).find(({ currency }) => currency === 'UGX')?.balanceMinor).toBeGreaterThan(0n);
    const today = new Date().toISOString().slice(0, 10);
    const page = await provider.transactions({ from: today, to: today, page: 1, limit: 10 });
    expect(page.transactions.length).toBeGreaterThan(0);
    expect(page.transactions[0]).toMatchObject({ providerTransactionId: expect.any(String) });
    expect(provider.configurationProblem()).toBeNull();
  });

  test('what the provider does not know is not found, in whichever form it answers', async () => {
    expect(await lookUp('po00000000000000000000000001')).toEqual({ kind: 'not_found' });
    const sent = collectionOrder();
    await provider.submitCollection(sent, open());
    for (const switches of [{ flat: true }, { numericAmounts: true }, { disableByReference: true }]) {
      await order({ lookup: switches });
      expect(await lookUp(sent.reference)).toMatchObject({ kind: 'found', transaction: { amountMinor: 200_000n } });
    }
    await order({ lookup: { flat: false, numericAmounts: false, disableByReference: false } });
  });
});

const unknownAfter: [CallFault, unknown][] = [
  ['error_after', 'server_error'],
  ['html_after', 'server_error'],
  ['reset_after', 'connection_lost'],
  ['hang_after', 'timeout'],
  ['slow_after', 'timeout'],
  ['payment_required_after', 'payment_required'],
  ['truncated', 'unreadable'],
  ['cut_json', 'unreadable'],
  ['empty', 'unreadable'],
  ['not_json', 'unreadable'],
  ['error_in_200', 'mismatch'],
  ['huge', 'unreadable'],
  // Packing 50 MB takes the simulator, in this very process, about as long as we wait.
  ['gzip_bomb', expect.stringMatching(/^(unreadable|timeout)$/)],
  ['drip', 'timeout'],
  ['wrong_amount', 'mismatch'],
  ['wrong_currency', 'mismatch'],
  ['wrong_reference', 'mismatch'],
];
const unknownBefore: [CallFault, string][] = [
  ['error_before', 'server_error'],
  ['html_before', 'server_error'],
  ['reset_before', 'connection_lost'],
  ['hang_before', 'timeout'],
  ['payment_required', 'payment_required'],
  ['already_exists', 'already_exists'],
  ['redirect', 'redirected'],
];

describe('money calls that break', () => {
  /** The breaker opens after five endings in doubt; one healthy answer in between keeps it shut. */
  async function submitPayout(fault: CallFault | null) {
    const sent = payoutOrder({ quotation: await quote() });
    if (fault !== null) await order({ references: { [sent.reference]: { submit: [fault] } } });
    return { sent, ending: await provider.submitPayout(sent, open()) };
  }

  test.each(unknownAfter)('%s: the provider did it, we do not know, and a look-up finds it', async (fault, code) => {
    const { sent, ending } = await submitPayout(fault);
    expect(ending).toMatchObject({ kind: 'unknown', code });
    expect(await lookUp(sent.reference)).toMatchObject({ kind: 'found', transaction: { amountMinor: 100_000n } });
    expect((await submitPayout(null)).ending).toMatchObject({ kind: 'accepted' });
  });

  test.each(unknownBefore)('%s: the provider did not, we do not know, and two answers say so', async (fault, code) => {
    const { sent, ending } = await submitPayout(fault);
    expect(ending).toMatchObject({ kind: 'unknown', code });
    expect(await lookUp(sent.reference)).toEqual({ kind: 'not_found' });
    expect((await submitPayout(null)).ending).toMatchObject({ kind: 'accepted' });
  });

  test.each<[CallFault, string]>([
    ['forbidden', 'forbidden'],
    ['not_found', 'forbidden'],
    ['wrong_origin', 'unauthenticated'],
  ])('%s is "not sent"', async (fault, code) => {
    const { sent, ending } = await submitPayout(fault);
    expect(ending).toMatchObject({ kind: 'not_sent', code });
    expect(provider.configurationProblem()).not.toBeNull();
    expect(await lookUp(sent.reference)).toEqual({ kind: 'not_found' });
    expect((await submitPayout(null)).ending).toMatchObject({ kind: 'accepted' });
    expect(provider.configurationProblem()).toBeNull();
  });

  test('a token refused in the middle is renewed and the payout goes through', async () => {
    const { ending } = await submitPayout('unauthorized');
    expect(ending).toMatchObject({ kind: 'accepted' });
    await order({ token: { revoke: true } });
    expect((await submitPayout(null)).ending).toMatchObject({ kind: 'accepted' });
  });

  test('an expired quotation is "not sent"; a used one may mean that it was', async () => {
    await order({ quotation: { ttlMs: 0 } });
    const brief = await quote();
    await order({ quotation: { ttlMs: 1_800_000 } });
    // As if the quotation had still looked fresh to us when it was sent.
    const expired = payoutOrder({ quotation: { ...brief, expiresAt: new Date(Date.now() + 60_000) } });
    expect(await provider.submitPayout(expired, open())).toMatchObject({ kind: 'not_sent', code: 'quotation_expired' });
    const quotation = await quote();
    expect(await provider.submitPayout(payoutOrder({ quotation }), open())).toMatchObject({ kind: 'accepted' });
    expect(await provider.submitPayout(payoutOrder({ quotation }), open())).toMatchObject({ code: 'already_exists' });
  });

  test('the same reference again means that the first one arrived', async () => {
    const sent = collectionOrder();
    expect(await provider.submitCollection(sent, open())).toMatchObject({ kind: 'accepted' });
    expect(await provider.submitCollection(sent, open())).toMatchObject({ kind: 'unknown', code: 'already_exists' });
  });

  test('one-time codes: missing, wrong, expired', async () => {
    await order({ otp: { exempt: false } });
    const phone = '+256700000777';
    expect(await provider.submitCollection(collectionOrder({ phone }), open())).toMatchObject({ code: 'otp_required' });
    const { pinId } = await provider.requestOtp(phone);
    const withPin = (pin: string) => provider.submitCollection(collectionOrder({ phone, otp: { pinId, pin } }), open());
    expect(await withPin('999999')).toMatchObject({ kind: 'refused', code: 'otp_invalid' });
    expect(await withPin('123456')).toMatchObject({ kind: 'accepted' });
    expect(await withPin('123456')).toMatchObject({ kind: 'unknown', code: 'already_exists' });
    await order({ otp: { ttlMs: 0 } });
    const late = await provider.requestOtp(phone);
    const expired = collectionOrder({ phone, otp: { pinId: late.pinId, pin: '123456' } });
    expect(await provider.submitCollection(expired, open())).toMatchObject({ kind: 'refused', code: 'otp_invalid' });
    await order({ otp: { exempt: true, ttlMs: 600_000 } });
  });
});
