// The merchant, API key, administrator and funded wallets that a newcomer's first payment needs; made once, found again later.

import { Administrator, createAdministrator, setPassword } from '../admin/administrator.ts';
import { generatePassword, hashPassword } from '../admin/password.ts';
import { audit } from '../audit/audit.ts';
import { compose } from '../compose.ts';
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import { inTransaction } from '../db/knex.ts';
import { StaleState } from '../errors.ts';
import { fundWallet } from '../ledger/fund.ts';
import { createLogger } from '../logger.ts';
import { ApiKey, createApiKey } from '../merchants/api-key.ts';
import { createMerchant, Merchant } from '../merchants/merchant.ts';
import { openWallet } from '../merchants/wallet.ts';
import { adoptFloat } from '../reconciliation/adopt-float.ts';
import { digest } from '../vault.ts';
import type { Credentials } from './credentials.ts';
import { addDemoFees } from './demo-fees.ts';

export type DemoAccess = Pick<Credentials, 'apiKey' | 'adminEmail' | 'adminPassword'>;

const NAME = 'Demo merchant';
const ADMINISTRATOR = 'admin@localhost';
const CURRENCIES = ['UGX', 'KES', 'GHS', 'RWF', 'NGN', 'XAF', 'USD'];
const BY_NPM_START = { actor: 'local', clientAddress: null } as const;

/**
 * Makes sure that the demo merchant, an API key and an administrator exist and, where the provider is the simulator, that it has
 * tariffs and its wallets hold money. `known` is what an earlier start wrote down: it is kept as long as the database still accepts
 * it. The database is migrated and the simulator answers.
 */
export async function prepareDemo(of: {
  config: Config;
  known: Partial<Credentials>;
  simulated: boolean;
}): Promise<DemoAccess> {
  const ctx = compose(of.config, createLogger('error', process.stderr));
  try {
    // A password is hashed slowly on purpose: the rest need not wait for it.
    const [person, apiKey] = await Promise.all([
      administratorFor(ctx, of.known),
      accessFor(ctx, of.known.apiKey ?? '').then(async (access) => {
        if (of.simulated) {
          await addDemoFees(ctx.db, BY_NPM_START, access.merchantId);
          await fund(ctx, access.merchantId);
        }
        return access.apiKey;
      }),
    ]);
    return { apiKey, ...person };
  } finally {
    await ctx.close();
  }
}

/** The key that was handed out before, if it still opens anything; else a new one, of the demo merchant that is there or a new one. */
async function accessFor(ctx: Context, knownKey: string): Promise<{ merchantId: string; apiKey: string }> {
  const environment = ctx.config.API_ENVIRONMENT;
  const known = { key_hash: digest(knownKey), environment, revoked_at: null };
  const row = knownKey === '' ? undefined : await ApiKey.query(ctx.db).findOne(known);
  if (row !== undefined) return { merchantId: row.merchantId, apiKey: knownKey };
  return await inTransaction(ctx.db, async (trx) => {
    const found = await Merchant.query(trx).where('name', NAME).orderBy('id').first();
    const merchant = found ?? (await createMerchant(trx, { name: NAME }));
    if (found === undefined) await audit(trx, { ...BY_NPM_START, action: 'merchants.create', subject: merchant.id });
    const { apiKey, secret } = await createApiKey(trx, { merchantId: merchant.id, name: 'npm start', environment });
    await audit(trx, { ...BY_NPM_START, action: 'keys.create', subject: apiKey.id });
    return { merchantId: merchant.id, apiKey: secret };
  });
}

/** The administrator who was written down, if still there, under whatever password; else one with a new password. */
async function administratorFor(ctx: Context, known: Partial<Credentials>) {
  const { adminEmail = ADMINISTRATOR, adminPassword = '' } = known;
  const found = await Administrator.query(ctx.db).findOne({ email: adminEmail });
  if (found !== undefined && adminPassword !== '') return { adminEmail, adminPassword };
  const password = generatePassword();
  const passwordHash = await hashPassword(password);
  await inTransaction(ctx.db, async (trx) => {
    const person = { email: adminEmail, role: 'administrator', passwordHash } as const;
    const id = found === undefined ? (await createAdministrator(trx, person)).id : await setPassword(trx, person);
    const action = found === undefined ? 'admins.create' : 'admins.password';
    await audit(trx, { ...BY_NPM_START, action, subject: id });
  });
  return { adminEmail, adminPassword: password };
}

/** Takes the simulator's balances into the book where it knows nothing of them yet, and gives the merchant half of each. */
async function fund(ctx: Context, merchantId: string): Promise<void> {
  const reason = 'The money a newcomer tries things with';
  const rows = await adoptFloat(ctx, { ...BY_NPM_START, reason, only: (row) => row.bookMinor === 0n });
  for (const currency of CURRENCIES) {
    const row = rows.find((one) => one.currency === currency);
    const amountMinor = ((row?.walletMinor ?? 0n) / 200n) * 100n;
    if (amountMinor === 0n) continue;
    try {
      await inTransaction(ctx.db, async (trx) => {
        const walletId = await openWallet(trx, { merchantId, owner: '', currency });
        const reference = `demo:${walletId}`;
        await fundWallet(trx, { walletId, currency, amountMinor, reason, actor: BY_NPM_START.actor, reference });
        await audit(trx, { ...BY_NPM_START, action: 'wallets.fund', subject: walletId, reason });
      });
    } catch (error) {
      // Funded by an earlier start: what was spent since is spent.
      if (!(error instanceof StaleState)) throw error;
    }
  }
}
