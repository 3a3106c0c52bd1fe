// Calls of the API that need the provider's answer, while it is not their turn: 503, with a sentence and when to come back.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMemoryCache } from '../../src/cache/memory.ts';
import { createEversendProvider } from '../../src/provider/eversend/adapter.ts';
import { type Api, openApi, PAYOUT } from '../support/api.ts';
import { createTestCache } from '../support/hostile-provider.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi({ env: { PROVIDER_RATE_PER_SECOND: '1', PROVIDER_CALLER_WAIT_MS: '100' } });
});
afterAll(() => api.close());

test.each([
  ['/v1/payouts/quote', { ...PAYOUT, recipient: undefined }],
  ['/v1/collections/fees', { amount: '2000', currency: 'UGX', country: 'UG' }],
  ['/v1/collections/otp', { phone: '+256712345678' }],
])('%s', async (path, body) => {
  const cache = { ...createTestCache(), ...createMemoryCache() };
  const { config, log } = api.world;
  // The real client, behind workers that have taken the next ten seconds.
  const provider = createEversendProvider({ config, cache, log });
  for (let n = 0; n < 10; n += 1) await cache.take('provider', 1);
  const { quote, collectionFees, requestOtp } = provider;
  Object.assign(api.world.provider, { quote, collectionFees, requestOtp });
  const answered = await api.post(path, body, { idempotencyKey: false });
  expect([answered.status, answered.json.code]).toEqual([503, 'provider_busy']);
  expect(answered.json.detail).toMatch(/^Too many calls are waiting for the provider.* ask again later\.$/);
  const seconds = Number(answered.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(5);
  expect(seconds).toBeLessThanOrEqual(10);
  await provider.close();
});
