// Approval as operators type it: limits by merchant and currency, and decisions with a name and a reason, all audited.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPayout } from '../../src/payouts/create.ts';
import { findTransaction } from '../../src/transactions/find.ts';
import { type Cli, cliOn } from '../support/cli.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let cli: Cli;
beforeAll(async () => {
  world = await createWorld();
  await world.fund('UGX', 100_000_000n);
  cli = cliOn(world.config.DATABASE_URL);
});
afterAll(() => world.close());

const limit = (...more: string[]) =>
  cli(['merchants', 'approval', '--merchant', world.merchantId, '--currency', 'UGX', ...more, '--json']);
const pay = async () => JSON.parse((await createPayout(world, world.caller, world.request(), NEW_PAYOUT)).body);
const audited = (subject: string) => world.db('audit_log').where({ subject }).orderBy('id');

it('sets, replaces and takes away a limit, each with its audit row', async () => {
  const { merchantId } = world;
  expect((await limit('--above', '500000', '--daily-above', '2000000')).json()).toEqual({
    merchantId,
    currency: 'UGX',
    above: '500000',
    dailyAbove: '2000000',
  });
  expect((await limit('--above', '0')).json()).toMatchObject({ above: '0', dailyAbove: null });
  expect((await pay()).status).toBe('awaiting_approval');
  expect((await limit('--none')).json()).toMatchObject({ above: null, dailyAbove: null });
  expect((await pay()).status).toBe('accepted');
  expect(await audited(merchantId)).toMatchObject([
    { action: 'merchants.approval', detail: { currency: 'UGX', above: '500000', dailyAbove: '2000000' } },
    { detail: { above: '0', dailyAbove: null } },
    { detail: { above: null, dailyAbove: null } },
  ]);
});

it('says which option is wrong, and changes nothing', async () => {
  for (const wrong of [[], ['--above', '5', '--none'], ['--above', '-5'], ['--above', '1.5'], ['--daily-above', 'x']]) {
    const ran = await limit(...wrong);
    expect([ran.code, ran.stderr], wrong.join(' ')).toEqual([2, expect.stringMatching(/^--(daily-)?above: .+\n$/)]);
  }
  expect(await world.db('approval_limits')).toEqual([]);
});

it('lists what awaits, lets it go or ends it, once, in the operator’s name', async () => {
  await limit('--above', '0');
  const [one, other] = [await pay(), await pay()];
  const awaiting = (await cli(['payouts', 'awaiting', '--json'])).json();
  expect(awaiting.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining([one.id, other.id]));
  const decide = (verb: string, id: string) =>
    cli(['payouts', verb, '--id', id, '--by', 'jane', '--reason', 'known payee', '--json']);
  expect((await decide('approve', one.id)).json()).toEqual({ id: one.id, status: 'accepted' });
  expect((await decide('cancel', other.id)).json()).toEqual({ id: other.id, status: 'cancelled' });
  expect(await audited(one.id)).toMatchObject([
    { action: 'payouts.approve', actor: 'operator:jane', reason: 'known payee' },
  ]);
  expect(await audited(other.id)).toMatchObject([{ action: 'payouts.cancel', actor: 'operator:jane' }]);
  const again = await decide('approve', one.id);
  expect(again.code).not.toBe(0);
  expect(again.stderr).toContain('does not await approval');
  expect((await findTransaction(world, world.merchantId, other.id)).status).toBe('cancelled');
});

it('sets how much one person of the console may move alone, with its audit row', async () => {
  const alone = (...more: string[]) => cli(['admins', 'alone', '--currency', 'UGX', ...more, '--json']);
  const stored = async () => (await world.db('dual_control_limits').where({ currency: 'UGX' }).first()).above_minor;
  expect((await alone('--above', '1000000')).json()).toEqual({ currency: 'UGX', above: '1000000' });
  expect(await stored()).toBe(100_000_000n);
  expect((await alone('--none')).json()).toEqual({ currency: 'UGX', above: null });
  expect(await stored()).toBeNull();
  expect(await audited('UGX')).toMatchObject([
    { action: 'dual_control.change', detail: { from: null, to: '1000000' } },
    { action: 'dual_control.change', detail: { from: '1000000', to: null } },
  ]);
  expect((await alone()).code).toBe(2);
});
