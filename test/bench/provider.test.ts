// The benchmark's provider must be one the product believes: otherwise its figures measure retries.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { type BenchProvider, startProvider } from '../../bench/harness/provider.ts';
import { createEversendProvider } from '../../src/provider/eversend/adapter.ts';
import { verifySignature } from '../../src/provider/eversend/signature.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { createTestCache, providerConfig } from '../support/hostile-provider.ts';
import { open, payoutOrder, silentLog } from '../support/provider-orders.ts';

const SECRET = 'a-secret-of-this-test';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(): Promise<{ bench: BenchProvider; provider: Provider }> {
  const bench = await startProvider({ webhookSecret: SECRET });
  closing.push(() => bench.close());
  const config = providerConfig(`${bench.url}/v1`);
  const provider = createEversendProvider({ config, cache: createTestCache(), log: silentLog });
  closing.push(() => provider.close());
  return { bench, provider };
}

const quoteOrder = {
  sourceCurrency: 'UGX',
  amountMinor: 100_000n,
  amountType: 'source',
  method: 'momo',
  country: 'UG',
  destinationCurrency: 'UGX',
  recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
} as const;

test('a payout is quoted, accepted as pending, and found successful by its reference', async () => {
  const { provider } = await start();
  const quotation = await provider.quote(quoteOrder);
  expect(quotation).toMatchObject({ sourceAmountMinor: 100_000n, feesMinor: 0n, expiryStated: true });
  const order = { ...payoutOrder(), recipient: quoteOrder.recipient, quotation };
  const sent = await provider.submitPayout(order, open());
  expect(sent).toMatchObject({ kind: 'accepted', transaction: { reference: order.reference, status: 'pending' } });
  const found = await provider.lookUp({ reference: order.reference, providerTransactionId: null });
  expect(found).toMatchObject({ kind: 'found', transaction: { status: 'successful', amountMinor: 100_000n } });
  const again = await provider.submitPayout({ ...order, quotation: await provider.quote(quoteOrder) }, open());
  expect(again).toMatchObject({ kind: 'unknown', code: 'already_exists' });
});

test('its webhook is signed as the provider signs, over the bytes that were sent', async () => {
  const { bench, provider } = await start();
  const api = createServer().listen(0, '127.0.0.1');
  await once(api, 'listening');
  closing.push(async () => api.close());
  bench.tell(`http://127.0.0.1:${(api.address() as AddressInfo).port}`);
  const order = { ...payoutOrder(), recipient: quoteOrder.recipient, quotation: await provider.quote(quoteOrder) };
  const called = once(api, 'request');
  await provider.submitPayout(order, open());
  const [request, response] = (await called) as [IncomingMessage, ServerResponse];
  const rawBody = await buffer(request);
  response.end();
  const header = request.headers['x-eversend-signature'] as string;
  expect(verifySignature({ rawBody, header, secrets: [SECRET], algorithm: 'sha512' })).toBe('valid');
  expect(JSON.parse(rawBody.toString())).toMatchObject({ transactionRef: order.reference, status: 'successful' });
});

test('the provider wallet covers whatever is paid', async () => {
  const { provider } = await start();
  const [wallet] = await provider.wallets();
  expect(wallet).toMatchObject({ currency: 'UGX', enabled: true });
  expect(wallet?.balanceMinor).toBeGreaterThan(10n ** 14n);
});
