// A skeleton's API process: accepts payouts and settles them when the provider's webhook says so. No product code.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Queue } from 'bullmq';
import { Hono } from 'hono';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { type SkeletonOrder, tellStarter } from './order.ts';
import { openSteps } from './steps.ts';

const order = JSON.parse(process.argv[2] ?? '') as SkeletonOrder;

const payoutBody = z.strictObject({
  amount: z.string().regex(/^[0-9]{1,12}$/),
  currency: z.string().length(3),
  country: z.string().length(2),
  destinationCurrency: z.string().length(3),
  method: z.enum(['momo', 'bank']),
  recipient: z.strictObject({ firstName: z.string(), lastName: z.string(), phone: z.string().startsWith('+') }),
  owner: z.string().startsWith('customer-'),
  reference: z.string().min(1).max(64),
});

const webhookBody = z.object({
  eventType: z.string(),
  status: z.enum(['successful', 'failed', 'pending']),
  transactionId: z.string(),
  transactionRef: z.string(),
});

const queue =
  order.variant === 'accept'
    ? null
    : new Queue('payouts', { connection: new Redis(order.redisUrl, { maxRetriesPerRequest: null }) });
const options = { removeOnComplete: true, removeOnFail: true };

const steps = openSteps({
  url: order.databaseUrl,
  variant: order.variant,
  async afterAccept(references) {
    const [first] = references;
    if (queue === null || first === undefined) return;
    if (references.length === 1) await queue.add('payout', { id: first }, options);
    else await queue.addBulk(references.map((id) => ({ name: 'payout', data: { id }, opts: options })));
  },
});

const app = new Hono();

app.post('/v1/payouts', async (c) => {
  const parsed = payoutBody.safeParse(await c.req.json());
  if (!parsed.success) return c.json({ status: 400, errors: parsed.error.issues }, 400);
  const { reference, owner, amount } = parsed.data;
  await steps.accept({ reference, accountId: Number(owner.slice('customer-'.length)), minor: Number(amount) * 100 });
  return c.json({ id: reference, status: 'accepted' }, 202);
});

app.post('/webhooks/eversend', async (c) => {
  const bytes = Buffer.from(await c.req.arrayBuffer());
  const given = Buffer.from(c.req.header('x-eversend-signature') ?? '', 'hex');
  const expected = createHmac('sha512', order.webhookSecret).update(bytes).digest();
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return c.json({ status: 401 }, 401);
  const parsed = webhookBody.safeParse(JSON.parse(bytes.toString('utf8')));
  if (!parsed.success) return c.json({ status: 400 }, 400);
  if (parsed.data.status === 'successful') await steps.settle(parsed.data.transactionRef);
  return c.json({ received: true });
});

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (address: AddressInfo) =>
  tellStarter({ port: address.port }),
);
server.on('error', (error) => {
  throw error;
});
