// A world in which every panel of the console has rows, made by the machine itself wherever it can make them.
import { createCollection } from '../../src/collections/create.ts';
import { createApiKey } from '../../src/merchants/api-key.ts';
import { setApprovalLimit } from '../../src/merchants/approval-limit.ts';
import { addBeneficiary } from '../../src/merchants/beneficiary.ts';
import { freezeWallet } from '../../src/merchants/wallet.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { addSchedule } from '../../src/pricing/fee-schedule.ts';
import { signWebhook } from '../../src/provider/eversend/signature.ts';
import { advance } from '../../src/transactions/advance.ts';
import type { TransactionType } from '../../src/transactions/transaction.ts';
import { receiveWebhook } from '../../src/webhooks/receive.ts';
import { flows, webhookWorker } from '../../workers/webhook.ts';
import { fillRest } from './console-rest.ts';
import { NEW_COLLECTION, NEW_PAYOUT } from './new-payout.ts';
import type { World } from './world.ts';

export type Filled = Awaited<ReturnType<typeof fillConsole>>;

export async function fillConsole(world: World) {
  const fees = await addSchedule(world.db, {
    type: 'payout',
    currency: 'UGX',
    basis: 'own',
    flatMinor: 10_000n,
    createdBy: 'test',
  });
  const wallet = await world.fund('UGX', 100_000_000n);
  const frozenWallet = await world.fund('UGX', 100n, 'frozen-owner');
  await world.db.transaction((trx) => freezeWallet(trx, frozenWallet));
  const { apiKey } = await createApiKey(world.db, { merchantId: world.merchantId, name: 'Shop', environment: 'test' });
  const ring = async (id: string) => {
    const type: TransactionType = id.startsWith('po') ? 'payout' : 'collection';
    await world.makeDue();
    return advance(world, flows[type], id, { cause: 'worker', actor: 'worker', insists: false });
  };
  const payout = async (more: Partial<typeof NEW_PAYOUT> = {}): Promise<string> =>
    JSON.parse((await createPayout(world, world.caller, world.request(), { ...NEW_PAYOUT, ...more })).body).id;

  const settled = await payout({ reference: 'INV-7' });
  await ring(settled);
  world.provider.rule(settled, { status: 'successful' });
  const rawBody = Buffer.from(JSON.stringify({ data: { transactionRef: settled, status: 'successful' } }));
  const { EVERSEND_WEBHOOK_SECRETS, EVERSEND_WEBHOOK_ALGORITHM } = world.config;
  const signature = signWebhook(rawBody, EVERSEND_WEBHOOK_SECRETS[0] ?? '', EVERSEND_WEBHOOK_ALGORITHM);
  await receiveWebhook(world, { rawBody, signature, clientAddress: '192.0.2.10' });
  const { id: event } = await world.db('webhook_events').first('id');
  await webhookWorker.run(world, event);

  const asked = await createCollection(
    world,
    world.caller,
    world.request({ route: 'POST /v1/collections' }),
    NEW_COLLECTION,
  );
  const collection: string = JSON.parse(asked.body).id;
  await ring(collection);

  world.provider.onSubmit = () => ({ kind: 'unknown', code: 'timeout', message: 'lost' });
  const inReview = await payout();
  await ring(inReview);
  await world
    .db('transactions')
    .where({ id: inReview })
    .update({ created_at: world.db.raw("now() - interval '3 days'") });
  await ring(inReview);
  const { id: openCase } = await world.db('cases').where({ transaction_id: inReview }).first('id');

  const waiting = await payout({ recipient: { firstName: 'Amina', lastName: 'Nakato', phone: '+256772000111' } });

  const { id: beneficiary } = await world.db.transaction((trx) =>
    addBeneficiary(trx, world.vault, {
      merchantId: world.merchantId,
      method: 'momo',
      country: 'UG',
      recipient: { firstName: 'Grace', lastName: 'Akello', phone: '+256772999888' },
      reference: null,
    }),
  );

  const limit = { merchantId: world.merchantId, currency: 'UGX', aboveMinor: 500_000n, dailyAboveMinor: null };
  await world.db.transaction((trx) => setApprovalLimit(trx, limit));
  const awaiting = await payout({ amountMinor: 600_000n, recipient: { phone: '+256772123123' } });

  return {
    fees: fees.id,
    wallet,
    frozenWallet,
    key: apiKey.id,
    settled,
    collection,
    inReview,
    openCase,
    waiting,
    awaiting,
    event,
    beneficiary,
    ...(await fillRest(world, { wallet })),
  };
}
