// The rest of a console's world: endpoints that were told of something, a bulk, a recovery, a data key and a proposal.
import { createAdministrator } from '../../src/admin/administrator.ts';
import { openProposal } from '../../src/admin/proposals/proposal.ts';
import { newId } from '../../src/ids.ts';
import { createEndpoint } from '../../src/notifications/endpoint.ts';
import { relayOnce } from '../../src/notifications/relay.ts';
import { beginReplay } from '../../src/notifications/replay.ts';
import { disableEndpoint } from '../../src/notifications/switch.ts';
import { createBulk } from '../../src/payouts/bulk/create.ts';
import { workOnBulk } from '../../src/payouts/bulk/work.ts';
import { dataKeyProblem } from '../../src/personal-data/data-keys.ts';
import { beginRecovery, finishRecovery } from '../../src/reconciliation/recovery.ts';
import { NEW_PAYOUT } from './new-payout.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** What stands behind the question mark of an endpoint's address, and must be shown nowhere. */
export const ENDPOINT_TOKEN = 'token-of-the-endpoint';

export async function fillRest(world: World, of: { readonly wallet: string }) {
  const { db, merchantId, caller } = world;
  const made = async (path: string) =>
    db.transaction((trx) => {
      const url = `https://shop.example/${path}?key=${ENDPOINT_TOKEN}`;
      return createEndpoint(world, trx, caller, { url, description: null, types: null });
    });
  const { endpoint } = await made('hooks');
  const { endpoint: disabled } = await made('old-hooks');
  await disableEndpoint(world, { merchantId, id: disabled.id, reason: 'no_success' });
  // The relay reads what is older than every database transaction that runs, also of other databases of the server.
  const told = () => db('deliveries').where({ endpoint_id: endpoint.id }).whereNotNull('transaction_id');
  const delivery = await until<{ id: string }>(async () => {
    await relayOnce(world);
    return told().orderBy('event_position').first('id');
  }, 'something is on its way to the endpoint');
  await db('delivery_attempts').insert([
    { delivery_id: delivery.id, number: 1, status_code: 503, duration_ms: 412, answer: 'be back soon' },
    { delivery_id: delivery.id, number: 2, duration_ms: 10_000, error: 'timeout' },
  ]);
  const from = new Date(Date.now() - 3_600_000);
  const replay = await db.transaction((trx) =>
    beginReplay(trx, { caller, endpointId: endpoint.id, from, to: new Date(), types: null }),
  );
  // One at a time per endpoint: this one has ended.
  await db('replays').where({ id: replay }).update({ done_at: db.fn.now() });

  const row = (number: number, amountMinor: bigint) => ({
    number,
    reference: `ROW-${number}`,
    payout: { ...NEW_PAYOUT, amountMinor, reference: `ROW-${number}`, recipient: { phone: `+25677200030${number}` } },
  });
  const errors = [{ field: 'amount', code: 'not_an_amount', message: 'Give an amount.' }];
  const answer = await createBulk(world, caller, world.request({ route: 'POST /v1/payouts/bulk' }), {
    hold: 'each',
    reference: 'SALARIES',
    metadata: {},
    allowDuplicates: false,
    rows: [row(1, 700_000n), row(2, 800_000n), { number: 3, reference: null, errors }],
  });
  const bulk: string = JSON.parse(answer.body).id;
  await workOnBulk(world, bulk);
  const ofBulk = (await db('bulk_rows').where({ bulk_id: bulk }).whereNotNull('payout_id').orderBy('number')).map(
    ({ payout_id: id }): string => id,
  );

  const operator = { actor: 'cli:root', clientAddress: null, reason: 'restored from a backup' };
  await beginRecovery(db, operator);
  await db('recoveries').update({ ran_at: db.fn.now(), found: { listed: 7, strangers: 0 } });
  await finishRecovery(db, operator);
  await dataKeyProblem(db, world.vault);

  const proposal = await db.transaction(async (trx) => {
    const somebody = await createAdministrator(trx, {
      email: 'maker@example.com',
      role: 'operator',
      passwordHash: '!',
    });
    const input = { entry: newId('journalEntry'), amount: '5000' };
    const asked = {
      panel: 'wallets',
      subject: of.wallet,
      action: 'fund',
      input,
      nevertheless: false,
      reason: 'opening',
    };
    const outline = {
      Wallet: 'active',
      [`fund:${input.entry} on capital:UGX`]: '-5000 UGX',
      [`fund:${input.entry} on ${of.wallet}:available`]: '5000 UGX',
    };
    const shown = { outline, sentences: ['The wallet is given that much.'] };
    const by = { administratorId: somebody.id, clientAddress: '203.0.113.7' };
    return openProposal(trx, { ...asked, ...shown, ...by, moves: new Map([['UGX', 500_000n]]) }, 3_600_000);
  });
  return {
    endpoint: endpoint.id,
    disabledEndpoint: disabled.id,
    delivery: delivery.id,
    bulk,
    ofBulk,
    proposal,
  };
}
