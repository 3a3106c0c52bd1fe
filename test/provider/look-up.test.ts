// Looking a transaction up: what counts as found, what as certainly not there, and what as neither.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEversendProvider } from '../../src/provider/eversend/adapter.ts';
import type { Provider } from '../../src/provider/provider.ts';
import {
  createTestCache,
  type Exchange,
  type HostileProvider,
  providerConfig,
  startHostileProvider,
} from '../support/hostile-provider.ts';
import { silentLog } from '../support/provider-orders.ts';

const REFERENCE = 'po01JD2E8Y6Q5V3Z000000000001';
const ID = 'BP11788255196456';
const asked = { reference: REFERENCE, providerTransactionId: null };
const transaction = (more: object = {}) => ({
  transactionId: ID,
  transactionRef: REFERENCE,
  type: 'payout',
  status: 'successful',
  currency: 'UGX',
  amount: '1000',
  fees: '2500',
  isRefunded: false,
  ...more,
});

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

/** Answers the address and the search differently. */
function answering(address: (exchange: Exchange) => void, search: (exchange: Exchange) => void) {
  server.on((exchange) => (exchange.call.path.includes('search=') ? search : address)(exchange));
}
const data =
  (content: unknown) =>
  ({ json }: Exchange) =>
    json(200, { code: 200, success: true, data: content });
const unknownId = ({ json }: Exchange) => json(404, { code: 404, message: 'Transaction not found' });
const nothing = data({ transactions: [], total: 0, limit: 50, page: 1 });

describe('found', () => {
  test.each([
    ['in a list', { transactions: [transaction()] }],
    ['under "transaction"', { transaction: transaction() }],
    ['flat', transaction()],
  ])('%s', async (_what, content) => {
    answering(data(content), unknownId);
    expect(await provider.lookUp(asked)).toMatchObject({
      kind: 'found',
      transaction: { providerTransactionId: ID, status: 'successful', amountMinor: 100_000n, feesMinor: 250_000n },
    });
    expect(server.calls.map((call) => call.path)).toEqual([`/v1/transactions/${REFERENCE}`]);
  });

  test('by the search, where the address does not take references', async () => {
    const others = [...Array(10).keys()].map((n) => transaction({ transactionRef: `${REFERENCE.slice(0, -1)}${n}x` }));
    answering(unknownId, data({ transactions: [...others, transaction({ isRefunded: true })], total: 11 }));
    expect(await provider.lookUp(asked)).toMatchObject({ kind: 'found', transaction: { isRefunded: true } });
    expect(server.calls[1]?.path).toBe(`/v1/transactions?search=${REFERENCE}&limit=50`);
  });

  test.each(['.', '..'])('under no address that a hostile id %s would lead to', async (providerTransactionId) => {
    answering(data(transaction()), nothing);
    await provider.lookUp({ reference: REFERENCE, providerTransactionId });
    await provider.lookUp({ reference: '', providerTransactionId: `${providerTransactionId}/wallets` });
    const paths = server.calls.map((call) => call.path);
    expect(paths[0]).toBe(`/v1/transactions/${REFERENCE}`);
    expect(paths.filter((path) => /\/\.+(\/|$)/.test(path))).toEqual([]);
  });

  test("by the provider's id, whose answer may lack our reference but not carry another", async () => {
    answering(data(transaction({ transactionRef: null })), nothing);
    expect(await provider.lookUp({ ...asked, providerTransactionId: ID })).toMatchObject({ kind: 'found' });
    expect(server.calls[0]?.path).toBe(`/v1/transactions/${ID}`);
    answering(data(transaction({ transactionRef: 'po01JD2E8Y6Q5V3Z000000000002' })), nothing);
    expect(await provider.lookUp({ ...asked, providerTransactionId: ID })).toEqual({ kind: 'not_found' });
  });

  test("by the provider's id alone, whatever reference it carries, at its address or in the search for it", async () => {
    const alone = { reference: '', providerTransactionId: ID };
    for (const transactionRef of [REFERENCE, 'another system’s', null]) {
      answering(data(transaction({ transactionRef })), nothing);
      expect(await provider.lookUp(alone)).toMatchObject({ kind: 'found', transaction: { reference: transactionRef } });
    }
    server.calls.length = 0;
    const other = transaction({ transactionId: 'BP2', transactionRef: '' });
    answering(unknownId, data({ transactions: [other, transaction()] }));
    expect(await provider.lookUp(alone)).toMatchObject({ transaction: { providerTransactionId: ID } });
    answering(data(other), data({ transactions: [other] }));
    expect(await provider.lookUp(alone)).toEqual({ kind: 'not_found' });
    const asked = [`/v1/transactions/${ID}`, `/v1/transactions?search=${ID}&limit=50`];
    expect(server.calls.map((call) => call.path)).toEqual([...asked, ...asked]);
  });

  test('of several under one reference the one that moved money is shown', async () => {
    const twice = [transaction({ status: 'failed', transactionId: 'BP1' }), transaction({ transactionId: 'BP2' })];
    answering(data({ transactions: twice }), nothing);
    expect(await provider.lookUp(asked)).toMatchObject({ transaction: { providerTransactionId: 'BP2' } });
  });

  test('ids are encoded, so that none reaches another address', async () => {
    answering(unknownId, nothing);
    await provider.lookUp({ reference: 'a/b?c#d', providerTransactionId: '../wallets' });
    expect(server.calls.map((call) => call.path)).toEqual([
      '/v1/transactions/..%2Fwallets',
      '/v1/transactions/a%2Fb%3Fc%23d',
      '/v1/transactions?search=a%2Fb%3Fc%23d&limit=50',
    ]);
  });
});

describe('not found takes both answers', () => {
  test.each([
    ['404 and an empty search', unknownId, nothing],
    ['an empty list and an empty search', data({ transactions: [] }), nothing],
    [
      'somebody else in both',
      data(transaction({ transactionRef: 'x' })),
      data({ transactions: [transaction({ transactionRef: 'x' })] }),
    ],
  ])('%s', async (_what, address, search) => {
    answering(address, search);
    expect(await provider.lookUp(asked)).toEqual({ kind: 'not_found' });
    expect(server.calls).toHaveLength(2);
  });
});

describe('anything less proves nothing', () => {
  test.each<[string, (exchange: Exchange) => void, (exchange: Exchange) => void, string]>([
    ['the search fails', unknownId, ({ json }) => json(500, {}), 'server_error'],
    ['the search is not there', unknownId, unknownId, 'forbidden'],
    ['the search is refused', unknownId, ({ json }) => json(400, { message: 'no' }), 'refused'],
    ['the search denies itself', unknownId, ({ json }) => json(200, { success: false }), 'refused'],
    ['the search shows something else', unknownId, data({}), 'unreadable'],
    [
      'the search has another page',
      unknownId,
      data({ transactions: [transaction({ transactionRef: 'x' })], total: 2 }),
      'search_cut_short',
    ],
    [
      'the search fills its page',
      unknownId,
      data({ transactions: [...Array(50)].map(() => transaction({ transactionRef: 'x' })) }),
      'search_cut_short',
    ],
    ['the address fails', ({ json }) => json(502, {}), nothing, 'server_error'],
    ['the address is an HTML page', ({ response }) => void response.end('<html>'), nothing, 'unreadable'],
    [
      'the address redirects',
      ({ response }) => void response.writeHead(302, { location: '/' }).end(),
      nothing,
      'redirected',
    ],
    ['the transaction is ours but unreadable', data(transaction({ amount: '1e3' })), nothing, 'unreadable'],
    ['we are refused', ({ json }) => json(401, {}), nothing, 'unauthenticated'],
  ])('%s', async (_what, address, search, code) => {
    answering(address, search);
    expect(await provider.lookUp(asked)).toMatchObject({ kind: 'unavailable', code });
  });

  test('an address that hangs', async () => {
    const hurried = createEversendProvider({
      config: providerConfig(server.url, { PROVIDER_TIMEOUT_MS: '300' }),
      cache: createTestCache(),
      log: silentLog,
    });
    answering(() => undefined, nothing);
    expect(await hurried.lookUp(asked)).toMatchObject({ kind: 'unavailable', code: 'timeout' });
    await hurried.close();
  });

  test('a provider that cannot be reached', async () => {
    const away = createEversendProvider({
      config: providerConfig('http://127.0.0.1:1/v1', { EVERSEND_CLIENT_ID: '', EVERSEND_API_KEY: 'k' }),
      cache: createTestCache(),
      log: silentLog,
    });
    expect(await away.lookUp(asked)).toMatchObject({ kind: 'unavailable', code: 'unreachable' });
    await away.close();
  });

  test('the pause the provider asks for is passed on, and kept without asking again', async () => {
    answering(({ json }) => json(429, {}, { 'retry-after': '30' }), nothing);
    expect(await provider.lookUp(asked)).toMatchObject({ code: 'rate_limited', retryAfterMs: 30_000 });
    const again = await provider.lookUp(asked);
    expect(again).toMatchObject({ kind: 'unavailable', code: 'rate_limited' });
    expect((again as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(29_000);
    expect(server.calls).toHaveLength(1);
  });
});
