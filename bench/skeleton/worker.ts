// A skeleton's worker process: takes a payout's job, sends it to the provider, and where the variant asks for it holds and records.
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'undici';
import { z } from 'zod';
import { type SkeletonOrder, tellStarter } from './order.ts';
import { openSteps } from './steps.ts';

const order = JSON.parse(process.argv[2] ?? '') as SkeletonOrder;
const CONCURRENCY = 32;

const provider = new Pool(order.providerUrl, { connections: 50 });
const steps = openSteps({ url: order.databaseUrl, variant: order.variant, afterAccept: async () => {} });
const answer = z.object({
  data: z.object({ transaction: z.object({ transactionId: z.string(), status: z.string() }) }),
});

/** Any token will do: the harness as provider reads of it what it can. */
const TOKEN = `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${Buffer.from(
  JSON.stringify({ quotation: { sourceCurrency: 'UGX', sourceAmount: '1000', destinationCurrency: 'UGX' } }),
).toString('base64url')}.c2lnbmF0dXJl`;

async function send(reference: string): Promise<string> {
  const response = await provider.request({
    method: 'POST',
    path: '/v1/payouts',
    headers: { 'content-type': 'application/json', authorization: 'Bearer skeleton' },
    body: JSON.stringify({
      token: TOKEN,
      transactionRef: reference,
      country: 'UG',
      phoneNumber: '+256712345678',
      firstName: 'John',
      lastName: 'Okello',
    }),
  });
  const parsed = answer.parse(await response.body.json());
  return parsed.data.transaction.transactionId;
}

const worker = new Worker<{ id: string }>(
  'payouts',
  async ({ data: { id } }) => {
    if (order.variant === 'plain') await steps.hold(id);
    const providerId = await send(id);
    if (order.variant === 'plain') await steps.record(id, providerId);
  },
  { connection: new Redis(order.redisUrl, { maxRetriesPerRequest: null }), concurrency: CONCURRENCY },
);
worker.on('failed', (_job, error) => {
  console.error(error);
  process.exit(1);
});
worker.on('error', (error) => console.error(error));
await worker.waitUntilReady();
tellStarter({ port: null });
