// What `npm start` prepares for a newcomer: made once, found again, and never made twice.
import { expect, it } from 'vitest';
import { checkPassword } from '../../src/admin/password.ts';
import { readConfig } from '../../src/config.ts';
import { trialBalance } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { prepareDemo } from '../../src/local/demo-merchant.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { digest } from '../../src/vault.ts';
import { createDatabase } from '../support/database.ts';
import { COMPRESSED } from '../support/world.ts';

it('gives a newcomer a key, a console, tariffs and money, and a second start finds all of it', async () => {
  const simulator = await startSimulator({ clientId: 'id', clientSecret: 'secret' });
  const database = await createDatabase();
  const config = readConfig({ ...COMPRESSED, DATABASE_URL: database.url, EVERSEND_BASE_URL: simulator.url });
  const count = async (table: string) => Number((await database.db(table).count().first())?.['count']);

  const first = await prepareDemo({ config, known: {}, simulated: true });
  const rows = await Promise.all(['merchants', 'api_keys', 'wallets', 'fee_schedules', 'journal_entries'].map(count));
  const again = await prepareDemo({ config, known: first, simulated: true });

  expect(again).toEqual(first);
  expect(
    await Promise.all(['merchants', 'api_keys', 'wallets', 'fee_schedules', 'journal_entries'].map(count)),
  ).toEqual(rows);
  const [key] = await database.db('api_keys').where({ key_hash: digest(first.apiKey) });
  const [admin] = await database.db('administrators').where({ email: first.adminEmail });
  expect((await checkPassword(first.adminPassword, admin.password_hash)).right).toBe(true);
  const wallets = await database.db('wallets').where({ merchant_id: key.merchant_id, owner: '' });
  expect(wallets.map((wallet) => wallet.currency).toSorted()).toEqual([
    'GHS',
    'KES',
    'NGN',
    'RWF',
    'UGX',
    'USD',
    'XAF',
  ]);
  const fees = await database.db('fee_schedules').where({ merchant_id: key.merchant_id });
  expect(new Set(fees.map((fee) => `${fee.type} ${fee.basis}`))).toEqual(
    new Set(['collection own', 'payout own', 'payout cost_plus']),
  );
  expect((await verifyLedger(database.db)).ok).toBe(true);
  const ugx = (await trialBalance(database.db)).filter((row) => row.currency === 'UGX' && row.balanceMinor !== 0n);
  expect(ugx.map((row) => row.account)).toEqual(['capital', 'provider', 'wallet_available']);
  const audited = await database.db('audit_log').distinct('action');
  expect(audited.map((row) => row.action).toSorted()).toEqual([
    'admins.create',
    'fees.add',
    'float.adopt',
    'keys.create',
    'merchants.create',
    'wallets.fund',
  ]);
  await simulator.close();
  await database.close();
});
