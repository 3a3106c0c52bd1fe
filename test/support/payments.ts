// Payments in every outcome and in two currencies, made by the machine itself: what the overview counts.
import { createPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import { addSchedule } from '../../src/pricing/fee-schedule.ts';
import { advance } from '../../src/transactions/advance.ts';
import { NEW_PAYOUT } from './new-payout.ts';
import { settledCollection } from './settled-collection.ts';
import type { World } from './world.ts';

const KES = {
  currency: 'KES',
  country: 'KE',
  destinationCurrency: 'KES',
  recipient: { ...NEW_PAYOUT.recipient, phone: '+254712345678' },
};

/** Fees with a partner's share, and money to pay with. */
export async function openTill(world: World): Promise<void> {
  for (const currency of ['UGX', 'KES']) {
    for (const type of ['payout', 'collection'] as const)
      await addSchedule(world.db, {
        type,
        currency,
        basis: 'own',
        flatMinor: 10_000n,
        commissionPpm: 200_000,
        createdBy: 'test',
      });
    await world.fund(currency, 1_000_000_000n);
  }
}

export const bells = (world: World) => ({
  ring: (id: string, insists = false) =>
    advance(world, payoutFlow, id, { cause: insists ? 'webhook' : 'worker', actor: 'test', insists }),
  /** Accepts a payout; gives its id. */
  pay: async (more: Partial<typeof NEW_PAYOUT> = {}): Promise<string> =>
    JSON.parse((await createPayout(world, world.caller, world.request(), { ...NEW_PAYOUT, ...more })).body).id,
});

/** Three settled payouts and one that came back, two failed ones, one under way, one not sent yet; two settled collections. */
export async function payVariously(world: World): Promise<void> {
  const { ring, pay } = bells(world);
  const end = async (id: string, said: Parameters<World['provider']['rule']>[1]) => {
    await ring(id);
    world.provider.rule(id, said);
    await ring(id, true);
    return id;
  };
  await end(await pay(), { status: 'successful' });
  await end(await pay({ amountMinor: 250_000n }), { status: 'successful' });
  await end(await pay(KES), { status: 'successful' });
  await end(await pay(), { status: 'failed', reason: 'no such phone' });
  await end(await pay(KES), { status: 'failed', reason: 'no such phone' });
  const returned = await end(await pay({ amountMinor: 70_000n }), { status: 'successful' });
  world.provider.rule(returned, { isRefunded: true });
  await ring(returned, true);
  await ring(await pay());
  await pay(KES);
  await settledCollection(world);
  await settledCollection(world, { amountMinor: 500_000n });
}
