// A whole Context for a test: a database of its own, a scripted provider, bells that only remember having been rung.
import { randomBytes } from 'node:crypto';
import { createMemoryCache } from '../../src/cache/memory.ts';
import { readConfig } from '../../src/config.ts';
import type { Context } from '../../src/context.ts';
import { inTransaction, run } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { entry } from '../../src/ledger/journal.ts';
import { availableAccount, systemAccount } from '../../src/ledger/ledger-account.ts';
import { post } from '../../src/ledger/post.ts';
import { createLogger } from '../../src/logger.ts';
import type { Bell } from '../../src/queue/queues.ts';
import type { Caller, IdempotentRequest } from '../../src/transactions/accept.ts';
import { createVault, digestText } from '../../src/vault.ts';
import { NO_LIMITS } from './compressed.ts';
import { createDatabase } from './database.ts';
import { type ScriptedProvider, scriptedProvider } from './scripted-provider.ts';

export interface World extends Context {
  readonly provider: ScriptedProvider;
  readonly rung: Bell[];
  readonly merchantId: string;
  readonly caller: Caller;
  /** A fresh idempotent request; `of` repeats a key, or changes what it is about. */
  request(of?: { key?: string; route?: string; about?: string }): IdempotentRequest;
  /** Funds the merchant's (or an owner's) wallet and returns its id. */
  fund(currency: string, amountMinor: bigint, owner?: string): Promise<string>;
  /** Makes everything due now, as if time had passed. */
  makeDue(): Promise<void>;
  close(): Promise<void>;
}

/** The compressed profile: every interval of the machine in milliseconds. */
export const COMPRESSED: Record<string, string> = {
  EVERSEND_BASE_URL: 'http://127.0.0.1:1/v1',
  EVERSEND_CLIENT_ID: 'id',
  EVERSEND_CLIENT_SECRET: 'secret',
  EVERSEND_WEBHOOK_SECRET: 'webhook-secret',
  DATA_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  ...NO_LIMITS,
  PROVIDER_RATE_PER_SECOND: '0',
  PROVIDER_MAX_CONCURRENCY: '32',
  RETRY_BASE_MS: '10',
  RETRY_MAX_MS: '100',
  LOOKUP_SCHEDULE_MS: '10,20,40',
  POLL_SCHEDULE_MS: '20,40,80',
  RESEND_MARGIN_MS: '1',
  RESEND_LOOKUP_SPAN_MS: '1',
  QUOTATION_MARGIN_MS: '1',
};

export async function createWorld(
  of: { env?: Record<string, string>; provider?: ScriptedProvider } = {},
): Promise<World> {
  const database = await createDatabase();
  const config = readConfig({ ...COMPRESSED, DATABASE_URL: database.url, ...of.env });
  const merchantId = newId('merchant');
  await database.db('merchants').insert({ id: merchantId, name: 'Test merchant' });
  const rung: Bell[] = [];
  const locks = new Set<string>();
  const caller: Caller = { merchantId, apiKeyId: newId('apiKey'), clientAddress: '198.51.100.7' };
  return {
    config,
    log: createLogger('silent'),
    db: database.db,
    vault: createVault(config.DATA_ENCRYPTION_KEYS),
    provider: of.provider ?? scriptedProvider(),
    cache: {
      get: async () => null,
      set: async () => {},
      delete: async () => {},
      lock: async (name) => {
        if (locks.has(name)) return null;
        locks.add(name);
        return { release: async () => void locks.delete(name) };
      },
      take: async () => 0,
      draw: createMemoryCache().draw,
      ping: async () => true,
      close: async () => {},
    },
    queues: {
      ring: (bells) => void rung.push(...bells),
      ringNow: async (bells) => {
        rung.push(...bells);
        return { added: bells.length, failed: 0 };
      },
      gone: async (bells) => bells,
      ping: async () => true,
      close: async () => {},
    },
    rung,
    merchantId,
    caller,
    request: ({ key = randomBytes(12).toString('hex'), route = 'POST /v1/payouts', about = key } = {}) => ({
      route,
      key,
      requestHash: digestText(about),
    }),
    fund: (currency, amountMinor, owner = '') =>
      inTransaction(database.db, async (trx) => {
        const open = { name: 'test_open_wallet', text: 'SELECT open_wallet($1, $2, $3, $4) AS id' };
        const [row] = await run<{ id: string }>(trx, open, [newId('wallet'), merchantId, owner, currency]);
        const id = row?.id as string;
        await post(trx, [
          entry({
            reference: `fund:${newId('journalEntry')}`,
            kind: 'fund',
            currency,
            actor: 'test',
            moves: [{ from: systemAccount('capital', currency), to: availableAccount(id), amountMinor }],
          }),
        ]);
        return id;
      }),
    makeDue: async () => {
      await database
        .db('transactions')
        .whereNotNull('due_at')
        .update({ due_at: database.db.raw("now() - interval '1 second'") });
      await database
        .db('webhook_events')
        .whereNotNull('due_at')
        .update({ due_at: database.db.raw("now() - interval '1 second'") });
    },
    close: () => database.close(),
  };
}
