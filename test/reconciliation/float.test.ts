// The provider's wallets beside the book: compared when both stand still, and adopted only then.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import type { ProviderWallet } from '../../src/provider/provider.ts';
import { adoptFloat } from '../../src/reconciliation/adopt-float.ts';
import { floatRows } from '../../src/reconciliation/float.ts';
import { advance } from '../../src/transactions/advance.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { scriptedProvider } from '../support/scripted-provider.ts';
import { createWorld, type World } from '../support/world.ts';

const ME = { actor: 'test', clientAddress: null, reason: 'as they are' };
let world: World;
let wallets: ProviderWallet[];

beforeEach(async () => {
  wallets = [
    { currency: 'UGX', balanceMinor: 500_000n, enabled: true },
    { currency: 'KES', balanceMinor: 2171n, enabled: true },
    { currency: 'BTC', balanceMinor: 1n, enabled: true },
  ];
  world = await createWorld({ provider: { ...scriptedProvider(), wallets: async () => wallets } });
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

const row = async (currency: string) => (await floatRows(world)).find((one) => one.currency === currency);

describe('the float', () => {
  it('is adopted, up and down, in currencies we know, each with its audit row', async () => {
    const adopted = await adoptFloat(world, ME);
    expect(adopted.map((one) => [one.currency, one.adopted])).toEqual([
      ['KES', true],
      ['UGX', true],
    ]);
    expect(await row('KES')).toMatchObject({ bookMinor: 2171n, differenceMinor: 0n });
    wallets = [{ currency: 'UGX', balanceMinor: 400_000n, enabled: true }];
    await adoptFloat(world, ME);
    expect(await row('UGX')).toMatchObject({ bookMinor: 400_000n, differenceMinor: 0n });
    // The wallet is gone, and the book expects nothing of it any more.
    expect(await row('KES')).toBeUndefined();
    const rows = await world.db('audit_log').where({ action: 'float.adopt' }).orderBy('id');
    expect(rows.map((one) => [one.detail.currency, one.detail.amount])).toEqual([
      ['KES', '21.71'],
      ['UGX', '5000'],
      ['KES', '-21.71'],
      ['UGX', '-1000'],
    ]);
  });

  it('is left alone in a currency where something is on its way, since the difference may be that', async () => {
    await world.fund('UGX', 300_000n);
    const answer = await createPayout(world, world.caller, world.request(), NEW_PAYOUT);
    const { id } = JSON.parse(answer.body);
    await advance(world, payoutFlow, id, { cause: 'worker', actor: 'worker', insists: false });
    expect(await row('UGX')).toMatchObject({ onTheirWay: 1, comparable: false });
    expect(await adoptFloat(world, ME)).toMatchObject([
      { currency: 'KES', adopted: true },
      { currency: 'UGX', adopted: false, differenceMinor: 500_000n },
    ]);
    world.provider.rule(id, { status: 'successful' });
    await advance(world, payoutFlow, id, { cause: 'webhook', actor: 'webhook', insists: true });
    expect(await row('UGX')).toMatchObject({ onTheirWay: 0, comparable: true });
  });

  it('is adopted once by two who ask at once', async () => {
    await Promise.all([adoptFloat(world, ME), adoptFloat(world, ME)]);
    expect(await row('UGX')).toMatchObject({ bookMinor: 500_000n, differenceMinor: 0n });
  });
});
