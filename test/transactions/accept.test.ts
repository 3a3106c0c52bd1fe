// Acceptance: once per key, whole or not at all, and never more than the wallet covers.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { lockAvailable, walletBalances } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { createPayout, type NewPayout } from '../../src/payouts/create.ts';
import { findTransaction } from '../../src/transactions/find.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const WAITING = `
  SELECT count(*)::int AS n FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE a.datname = current_database() AND NOT l.granted`;

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

const pay = (request = world.request(), of: Partial<NewPayout> = {}) =>
  createPayout(world, world.caller, request, { ...NEW_PAYOUT, ...of });
const count = async (table: string) => Number((await world.db(table).count({ n: '*' }))[0]?.['n']);

describe('an idempotency key', () => {
  it('gives the first answer again, byte for byte', async () => {
    await world.fund('UGX', 1_000_000n);
    const request = world.request();
    const first = await pay(request);
    expect(await pay(request)).toEqual({ ...first, replayed: true });
    expect(await count('transactions')).toBe(1);
  });

  it('makes one payment of fifty requests at the same moment', async () => {
    await world.fund('UGX', 10_000_000n);
    const request = world.request();
    const endings = await Promise.allSettled(Array.from({ length: 50 }, () => pay(request)));
    const bodies = new Set(endings.flatMap((e) => (e.status === 'fulfilled' ? [e.value.body] : [])));
    expect(bodies.size).toBe(1);
    for (const ending of endings) {
      if (ending.status === 'rejected')
        expect(ending.reason).toMatchObject({ code: 'request_in_progress', status: 409 });
    }
    expect(await count('transactions')).toBe(1);
    expect(await count('journal_entries')).toBe(2);
  });

  it('is answered with the transaction as everybody else sees it', async () => {
    await world.fund('UGX', 1_000_000n, 'shop-7');
    const answer = await pay(world.request(), {
      owner: 'shop-7',
      reference: 'R-1',
      metadata: { note: 'a "quote"\u0001' },
    });
    const { id } = JSON.parse(answer.body);
    expect(answer.body).toBe(JSON.stringify(await findTransaction(world, world.merchantId, id)));
  });

  it('is refused with another body, and belongs to one merchant and one route', async () => {
    await world.fund('UGX', 1_000_000n);
    const key = 'the-same-key-everywhere';
    await pay(world.request({ key }));
    await expect(pay(world.request({ key, about: 'something else' }))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      status: 422,
    });
    await pay(world.request({ key, route: 'POST /v1/elsewhere' }));
    expect(await count('transactions')).toBe(2);
    const other = { ...world.caller, merchantId: newId('merchant') };
    await world.db('merchants').insert({ id: other.merchantId, name: 'Other' });
    await expect(createPayout(world, other, world.request({ key }), NEW_PAYOUT)).rejects.toMatchObject({
      code: 'insufficient_funds',
    });
  });

  it('is taken by one of two processes at the same moment', async () => {
    await world.fund('UGX', 10_000_000n);
    // Worlds that share the database but not the batching: as many processes.
    const processes = [{ ...world }, { ...world }];
    for (let round = 0; round < 25; round += 1) {
      const request = world.request();
      const endings = await Promise.allSettled(
        processes.map((one) => createPayout(one, one.caller, request, NEW_PAYOUT)),
      );
      const bodies = endings.flatMap((ending) => (ending.status === 'fulfilled' ? [ending.value.body] : []));
      expect(new Set(bodies).size).toBe(1);
      for (const ending of endings) {
        if (ending.status === 'rejected') expect(ending.reason).toMatchObject({ code: 'request_in_progress' });
      }
    }
    expect(await count('transactions')).toBe(25);
  });

  it('is told to come back while its twin is being accepted, and does not wait for it', async () => {
    await world.fund('UGX', 1_000_000n);
    const request = world.request();
    const lock = async () => {
      const twin = await world.db.transaction();
      const words = [world.merchantId, request.route, request.key].join(' ');
      await twin.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [words]);
      return twin;
    };
    const first = await lock();
    const [ending] = await Promise.allSettled([pay(request)]);
    await first.commit();
    expect(ending).toMatchObject({ status: 'rejected', reason: { code: 'request_in_progress', status: 409 } });
    expect((await pay(request)).status).toBe(202);
    // Once it is accepted nobody is told to come back, whoever else asks for the answer.
    const second = await lock();
    const again = await pay(request);
    await second.commit();
    expect(again).toMatchObject({ status: 202, replayed: true });
  });

  it('is looked at again when a twin’s commit fell between our look at it and our lock', async () => {
    await world.fund('UGX', 1_000_000n);
    // The moment is too short to be met on purpose, so the database lets one write come to nothing, as it would then.
    const owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 1, onError: () => {}, role: null });
    await owner.raw(`
      CREATE SEQUENCE twins;
      CREATE FUNCTION twin_came_first() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        RETURN CASE WHEN nextval('twins') > 1 THEN NEW END;
      END $$;
      CREATE TRIGGER twin_came_first BEFORE INSERT ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION twin_came_first()`);
    await owner.destroy();
    expect((await pay()).status).toBe(202);
    expect(await count('transactions')).toBe(1);
  });

  it('has one row in the database, whoever writes', async () => {
    await world.fund('UGX', 1_000_000n);
    await pay();
    const again = world.db.raw('INSERT INTO idempotency_keys SELECT * FROM idempotency_keys');
    await expect(again).rejects.toMatchObject({ constraint: 'idempotency_keys_pkey' });
  });

  it('is not used up by a refusal', async () => {
    const request = world.request();
    await expect(pay(request)).rejects.toMatchObject({ code: 'insufficient_funds' });
    await world.fund('UGX', 1_000_000n);
    expect((await pay(request)).status).toBe(202);
  });
});

describe('money set aside', () => {
  it('is never more than the wallet has, however many ask at once', async () => {
    const walletId = await world.fund('UGX', 1_000_000n);
    const endings = await Promise.allSettled(Array.from({ length: 64 }, () => pay()));
    expect(endings.filter((e) => e.status === 'fulfilled')).toHaveLength(10);
    for (const ending of endings) {
      if (ending.status === 'rejected') expect(ending.reason).toMatchObject({ code: 'insufficient_funds' });
    }
    expect((await walletBalances(world.db, [walletId])).get(walletId)).toEqual({
      availableMinor: 0n,
      heldMinor: 1_000_000n,
    });
    expect(await count('transactions')).toBe(10);
  });

  it('is guarded by the ledger itself when many processes race for it', async () => {
    const walletId = await world.fund('UGX', 250_000n);
    // Worlds that share the database but not the batching: as many processes. All have seen enough money before any may take it.
    const holder = await world.db.transaction();
    await lockAvailable(holder, walletId);
    const paying = Array.from({ length: 3 }, () =>
      createPayout({ ...world }, world.caller, world.request(), NEW_PAYOUT),
    );
    const endings = Promise.allSettled(paying);
    await until(async () => (await world.db.raw(WAITING)).rows[0].n === 3, 'all three wait for the wallet');
    await holder.commit();
    expect((await endings).filter((ending) => ending.status === 'fulfilled')).toHaveLength(2);
    for (const ending of await endings) {
      if (ending.status === 'rejected') expect(ending.reason).toMatchObject({ code: 'insufficient_funds' });
    }
    expect((await walletBalances(world.db, [walletId])).get(walletId)?.availableMinor).toBe(50_000n);
  });

  it('goes to whoever fits, in order: one that asks too much does not take the place of a later one', async () => {
    await world.fund('UGX', 1_000_000n);
    const asked = [600_000n, 600_000n, 300_000n, 200_000n, 100_000n];
    const endings = await Promise.allSettled(asked.map((amountMinor) => pay(world.request(), { amountMinor })));
    expect(endings.map((ending) => ending.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('waits for no connection of its own: five hundred share the one that is left', async () => {
    await world.fund('UGX', 50_000_000n);
    const taken = await Promise.all(Array.from({ length: 4 }, () => world.db.transaction()));
    const answers = await Promise.all(Array.from({ length: 500 }, () => pay()));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    await Promise.all(taken.map((trx) => trx.rollback()));
    expect(await count('transactions')).toBe(500);
  });

  it('is not taken from a frozen wallet, nor from another owner’s', async () => {
    const walletId = await world.fund('UGX', 1_000_000n);
    await expect(pay(world.request(), { owner: 'somebody-else' })).rejects.toMatchObject({
      code: 'insufficient_funds',
    });
    await world.db('wallets').where({ id: walletId }).update({ frozen_at: new Date() });
    await expect(pay()).rejects.toMatchObject({ code: 'wallet_frozen' });
    // It still takes money in.
    await world.fund('UGX', 1n);
    expect(await count('transactions')).toBe(0);
  });
});

describe('what is stored', () => {
  it('holds no phone, name or account in clear anywhere', async () => {
    await world.fund('UGX', 1_000_000n);
    await pay(world.request(), { recipient: { firstName: 'Canary', lastName: 'Vogel', phone: '+256787654321' } });
    const tables = [
      'transactions',
      'transaction_history',
      'personal_data',
      'idempotency_keys',
      'journal_entries',
      'postings',
    ];
    for (const table of tables) {
      const { rows } = await world.db.raw(`SELECT t::text AS text FROM ${table} t`);
      for (const row of rows) expect(row.text).not.toMatch(/Canary|Vogel|787654321/);
    }
    const [row] = await world.db('personal_data');
    expect(row?.sealed.toString('latin1')).not.toContain('Canary');
  });
});
