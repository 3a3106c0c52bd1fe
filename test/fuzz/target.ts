// What is fuzzed: a private system as the Procfile starts it, on a database and a simulator of its own.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Child, startChild } from '../../bench/harness/child.ts';
import { CURRENCY, openFunded } from '../../bench/product/set-up.ts';
import { environmentFor, variables } from '../../src/config.ts';
import { inTransaction, openDatabase } from '../../src/db/knex.ts';
import { migrate } from '../../src/db/migrations.ts';
import { freePort } from '../../src/local/ports.ts';
import { startPostgres } from '../../src/local/postgres.ts';
import { createApiKey, SCOPES } from '../../src/merchants/api-key.ts';
import { createMerchant } from '../../src/merchants/merchant.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { COMPRESSED } from '../support/compressed.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const READY_PATIENCE_MS = 60_000;

interface Rows {
  readonly transactions: number;
  readonly idempotency_keys: number;
  /** Payouts that a worker made of rows of a bulk, each under a key of its own. */
  readonly of_bulks: number;
  /** The simulator's own events name our transactions; a forged one of the corpus names nothing. */
  readonly nameless_events: number;
}

export interface Target {
  readonly url: string;
  /** A key with every scope. */
  readonly apiKey: string;
  rows(): Promise<Rows>;
  /** The last words of processes that have ended. */
  ended(): readonly string[];
}

export async function startTarget(folder: string, cleanup: AsyncDisposableStack): Promise<Target> {
  const postgres = await startPostgres({ dataDir: folder, settings: { fsync: 'off', full_page_writes: 'off' } });
  cleanup.defer(() => postgres.stop('immediate'));
  await migrate(postgres.url);
  const db = openDatabase({ url: postgres.url, poolSize: 2, onError: () => {} });
  cleanup.defer(() => db.destroy());
  const { id: merchantId } = await createMerchant(db, { name: 'Fuzzed' });
  const key = { merchantId, name: 'fuzz', environment: 'test', scopes: SCOPES } as const;
  const { secret } = await createApiKey(db, key);
  await inTransaction(db, (trx) => openFunded(trx, { merchantId, owners: [''], currency: CURRENCY }));
  const port = await freePort();
  const simulator = await startSimulator({
    webhookUrl: `http://127.0.0.1:${port}/webhooks/eversend`,
    webhookSecret: 'webhook-secret',
    settleMs: 200,
    quotationTtlMs: 5000,
    otpExempt: true,
  });
  cleanup.defer(() => simulator.close());
  const env = environmentFor({
    // Whatever configuration surrounds us is not meant: an empty variable counts as absent.
    ...Object.fromEntries(Object.keys(variables).map((name) => [name, ''])),
    ...COMPRESSED,
    DATABASE_URL: postgres.url,
    PORT: String(port),
    EVERSEND_BASE_URL: simulator.url,
    EVERSEND_CLIENT_ID: 'simulator-client',
    EVERSEND_CLIENT_SECRET: 'simulator-secret',
    EVERSEND_WEBHOOK_SECRET: 'webhook-secret',
    DATA_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  const parts = ['src/server.ts', 'workers/main.ts'].map((file): Child => {
    const follow = join(ROOT, 'src', 'local', 'follow-parent.ts');
    const args = ['--import', follow, join(ROOT, file)];
    const child = startChild({ name: file, command: process.execPath, args, env, ipc: true });
    cleanup.defer(() => child.end());
    return child;
  });
  const url = `http://127.0.0.1:${port}`;
  const ended = () =>
    parts.flatMap((part) => {
      try {
        part.mustLive();
        return [];
      } catch (error) {
        return [(error as Error).message];
      }
    });
  const patienceEndsAt = performance.now() + READY_PATIENCE_MS;
  while (
    !(await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    const [words] = ended();
    if (words !== undefined || performance.now() > patienceEndsAt)
      throw new Error(words ?? 'the system does not become ready');
    await wait(100);
  }
  const rows = async () => {
    const { rows: counted } = await db.raw<{ rows: [Rows] }>(`SELECT
      (SELECT count(*)::int FROM transactions) AS transactions,
      (SELECT count(*)::int FROM idempotency_keys) AS idempotency_keys,
      (SELECT count(*)::int FROM bulk_rows WHERE state = 'accepted') AS of_bulks,
      (SELECT count(*)::int FROM webhook_events WHERE reference IS NULL) AS nameless_events`);
    return counted[0];
  };
  return { url, apiKey: secret, rows, ended };
}
