// Fills an empty database with payments that ended as payments do, by the product's own functions.
import { rollUpActivity } from '../../src/activity/roll-up.ts';
import { createMemoryCache } from '../../src/cache/memory.ts';
import { createCollection } from '../../src/collections/create.ts';
import { collectionFlow } from '../../src/collections/flow.ts';
import { environmentFor, readConfig } from '../../src/config.ts';
import type { Context } from '../../src/context.ts';
import { inTransaction, openDatabase } from '../../src/db/knex.ts';
import { migrate } from '../../src/db/migrations.ts';
import { addDemoFees } from '../../src/local/demo-fees.ts';
import { createLogger } from '../../src/logger.ts';
import { createApiKey } from '../../src/merchants/api-key.ts';
import { createMerchant } from '../../src/merchants/merchant.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import type { Caller } from '../../src/transactions/accept.ts';
import { advance } from '../../src/transactions/advance.ts';
import { createVault, digestText } from '../../src/vault.ts';
import { openFunded } from '../product/set-up.ts';
import { instantProvider } from './instant-provider.ts';
import { CORRIDORS, OWNERS, type Payment, paymentsOf } from './payments.ts';

const MERCHANTS = 10;
const AT_ONCE = 512;
const SEEDING = { actor: 'operator:seed', clientAddress: null } as const;
const WORKER = { cause: 'worker', actor: 'worker', insists: false } as const;

/** Everything real but what lies outside: a provider that answers at once, and bells that ring for nobody. */
function contextOf(url: string, environment: Readonly<Record<string, string>>): Context {
  const config = readConfig(
    environmentFor({
      ...environment,
      DATABASE_URL: url,
      API_ENVIRONMENT: 'test',
      EVERSEND_API_KEY: 'seed',
      EVERSEND_WEBHOOK_SECRET: 'seed',
    }),
  );
  const log = createLogger('error');
  return {
    config,
    log,
    db: openDatabase({ url, poolSize: 8, onError: (error) => log.warn({ error }, 'a database connection was lost') }),
    cache: {
      ...createMemoryCache(),
      get: async () => null,
      set: async () => {},
      delete: async () => {},
      ping: async () => true,
      close: async () => {},
    },
    queues: {
      ring() {},
      ringNow: async (bells) => ({ added: bells.length, failed: 0 }),
      gone: async () => [],
      ping: async () => true,
      close: async () => {},
    },
    provider: instantProvider(),
    vault: createVault(config.DATA_ENCRYPTION_KEYS),
  };
}

async function merchantsOf(ctx: Context): Promise<readonly Caller[]> {
  const callers: Caller[] = [];
  for (let n = 1; n <= MERCHANTS; n += 1) {
    const merchant = await createMerchant(ctx.db, { name: `Seeded merchant ${n}` });
    await addDemoFees(ctx.db, SEEDING, merchant.id);
    const of = { merchantId: merchant.id, name: 'seed', environment: ctx.config.API_ENVIRONMENT } as const;
    const { apiKey } = await createApiKey(ctx.db, of);
    for (const { currency } of CORRIDORS)
      await inTransaction(ctx.db, (trx) => openFunded(trx, { merchantId: merchant.id, owners: OWNERS, currency }));
    callers.push({ merchantId: merchant.id, apiKeyId: apiKey.id, clientAddress: '192.0.2.1' });
  }
  return callers;
}

async function pay(ctx: Context, caller: Caller, n: number, { type, of }: Payment): Promise<void> {
  const key = `seed-payment-${String(n).padStart(12, '0')}`;
  const request = { route: `POST /v1/${type}s`, key, requestHash: digestText(key) };
  const answer =
    type === 'payout' ? await createPayout(ctx, caller, request, of) : await createCollection(ctx, caller, request, of);
  const { id } = JSON.parse(answer.body) as { id: string };
  await advance(ctx, type === 'payout' ? payoutFlow : collectionFlow, id, WORKER);
}

/**
 * Migrates the database and makes `count` payments in it, decided by `seed`; gives how many it made in a second. `environment` goes
 * before that of the process. Raises for a database that holds a transaction.
 */
export async function fillWithPayments(of: {
  url: string;
  count: number;
  seed: number;
  environment?: Readonly<Record<string, string>>;
  say: (sentence: string) => void;
}): Promise<number> {
  const { url, count } = of;
  await migrate(url);
  const ctx = contextOf(url, of.environment ?? {});
  try {
    const { rows } = await ctx.db.raw('SELECT EXISTS (SELECT FROM transactions) AS used');
    if (rows[0].used) throw new Error('This database holds transactions already: give an empty one.');
    const callers = await merchantsOf(ctx);
    const next = paymentsOf(of.seed);
    const startedAt = performance.now();
    let begun = 0;
    const hand = async () => {
      while (begun < count) {
        begun += 1;
        const n = begun;
        if (n % 10_000 === 0) of.say(`${n} of ${count}, ${perSecond(n, startedAt)} a second`);
        await pay(ctx, callers[n % callers.length] as Caller, n, next(n));
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, hand));
    while ((await rollUpActivity(ctx.db)) > 0);
    return perSecond(count, startedAt);
  } finally {
    await ctx.db.destroy();
  }
}

const perSecond = (n: number, startedAt: number) => Math.round(n / ((performance.now() - startedAt) / 1000));
