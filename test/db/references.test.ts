// What rows name is there, though no foreign key is asked while a payment moves: parents stay, and the proof of the book looks.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { settledCollection } from '../support/settled-collection.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let owner: pg.Client;
let id: string;
beforeAll(async () => {
  world = await createWorld();
  id = await settledCollection(world);
  owner = new pg.Client({ connectionString: world.config.DATABASE_URL });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await world.close();
});

describe('rows that others name', () => {
  const PARENTS = ['transactions', 'wallets', 'merchants', 'fee_schedules', 'beneficiaries'];

  it.each(PARENTS)('stay: nobody removes or empties %s, not even their owner', async (table) => {
    await expect(owner.query(`DELETE FROM ${table}`)).rejects.toMatchObject({ code: '23001', table });
    await expect(owner.query(`TRUNCATE ${table} CASCADE`)).rejects.toMatchObject({ code: '23001' });
  });

  it.each(PARENTS)('keep their ids: those of %s never change', async (table) => {
    await expect(owner.query(`UPDATE ${table} SET id = id`)).rejects.toMatchObject({ code: '23001', table });
  });
});

describe('a row that names what does not exist', () => {
  const nobody = newId('payout');
  const key = () => randomBytes(32).toString('hex');
  const ORPHANS: readonly (readonly [what: string, named: string, sql: () => string])[] = [
    ['a transaction without its wallet', 'wallet', () => `UPDATE transactions SET wallet_id = '${newId('wallet')}'`],
    [
      'a transaction on a wallet of another currency',
      'wallet',
      () => `UPDATE transactions SET currency = 'KES' WHERE id = '${id}'`,
    ],
    [
      'a transaction without its fee schedule',
      'fee schedule',
      () => `UPDATE transactions SET fee_schedule_id = '${newId('feeSchedule')}'`,
    ],
    [
      'a transaction without its beneficiary',
      'beneficiary',
      () => `UPDATE transactions SET beneficiary_id = '${newId('beneficiary')}'`,
    ],
    [
      'a refund of nothing',
      'collection',
      () => `ALTER TABLE transactions DROP CONSTRAINT refunds_pay_back;
             UPDATE transactions SET refund_of = '${newId('collection')}'`,
    ],
    [
      'history of nothing',
      'transaction',
      () => `INSERT INTO transaction_history (transaction_id, to_state, cause, actor, attempt)
             VALUES ('${nobody}', 'accepted', 'api', 'test', 0)`,
    ],
    [
      'an attempt at nothing',
      'transaction',
      () => `INSERT INTO attempts (transaction_id, number) VALUES ('${nobody}', 1)`,
    ],
    [
      'an earning from nothing',
      'transaction',
      () => `INSERT INTO earnings (transaction_id, kind, step, merchant_id, currency, amount_minor)
             VALUES ('${nobody}', 'service_fee', 'settle', '${world.merchantId}', 'UGX', 1)`,
    ],
    [
      'an entry about nothing',
      'transaction',
      () => `ALTER TABLE journal_entries DISABLE TRIGGER USER;
             UPDATE journal_entries SET transaction_id = '${nobody}'`,
    ],
    [
      'a person belonging to nothing',
      'no transaction or beneficiary',
      () => `INSERT INTO personal_data (subject_id, merchant_id, sealed, account_hash)
             VALUES ('${nobody}', '${world.merchantId}', '\\x00', '\\x${key()}')`,
    ],
  ];

  it.each(ORPHANS)('is found: %s', async (_what, named, sql) => {
    await owner.query('BEGIN');
    await owner.query(sql());
    const { problems } = await verifyLedger(Object.assign(() => {}, { transaction: within }) as never);
    await owner.query('ROLLBACK');
    expect(problems.filter((problem) => problem.startsWith('a row names')).join()).toContain(`names ${named}`);
  });

  /** Inside the owner's transaction, so that nothing stays wrong. */
  async function within<T>(work: (trx: { raw(sql: string): Promise<unknown> }) => Promise<T>): Promise<T> {
    return work({ raw: (sql) => owner.query(sql) });
  }

  it('is not found where all is well', async () => {
    expect((await verifyLedger(world.db)).problems).toEqual([]);
  });
});
