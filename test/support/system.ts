// The whole system as production runs it, for a test: real processes on a database, a queue store and a simulator of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { type Client, createClient } from '../../src/client/client.ts';
import { inTransaction, run } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { entry } from '../../src/ledger/journal.ts';
import { availableAccount, systemAccount } from '../../src/ledger/ledger-account.ts';
import { post } from '../../src/ledger/post.ts';
import { createApiKey } from '../../src/merchants/api-key.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';
import { COMPRESSED } from './compressed.ts';
import { createDatabase, createServerDatabase, type ServerDatabase, type TestDatabase } from './database.ts';
import { freePort } from './ports.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { SURROUNDINGS } from './surroundings.ts';
import { until } from './until.ts';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Part {
  readonly pid: number;
  /** Resolves with its exit code; null when the signal ended it, or it was gone already. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
  /** Starts it again with the same environment, and `more`; resolves when it runs. */
  restart(more?: Record<string, string>): Promise<void>;
}

export interface TestSystem {
  readonly database: TestDatabase;
  /** A PostgreSQL of this system's own, when it asked for one. */
  readonly postgres: ServerDatabase | null;
  readonly redis: TestRedis | null;
  readonly simulator: Simulator;
  readonly merchantId: string;
  readonly apiKey: string;
  /** What its processes were told. */
  readonly env: Readonly<Record<string, string>>;
  readonly webs: readonly (Part & { readonly url: string })[];
  readonly workers: readonly Part[];
  readonly logs: string[];
  fund(currency: string, amountMinor: bigint): Promise<string>;
  /** Calls the first web process, and again while it is away. */
  readonly client: Client;
  /** One API call, whatever its answer; `web` picks the process. */
  call(
    method: string,
    path: string,
    of?: { body?: unknown; key?: string; web?: number },
  ): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
}

export async function startSystem(of: {
  redis: boolean;
  ownPostgres?: boolean;
  webs?: number;
  workers?: number;
  env?: Record<string, string>;
  simulator?: SimulatorOptions;
}): Promise<TestSystem> {
  const logs: string[] = [];
  const postgres = of.ownPostgres ? await createServerDatabase() : null;
  const database = postgres ?? (await createDatabase());
  const redis = of.redis ? await startRedis() : null;
  const ports = await Promise.all(Array.from({ length: of.webs ?? 1 }, () => freePort()));
  const simulator = await startSimulator({
    webhookUrl: `http://127.0.0.1:${ports[0]}/webhooks/eversend`,
    webhookSecret: 'webhook-secret',
    settleMs: 200,
    quotationTtlMs: 5000,
    otpExempt: true,
    ...of.simulator,
  });
  const env: Record<string, string> = {
    ...SURROUNDINGS,
    HOME: process.env['HOME'] ?? '',
    DATABASE_URL: database.url,
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
    EVERSEND_BASE_URL: simulator.url,
    EVERSEND_CLIENT_ID: 'simulator-client',
    EVERSEND_CLIENT_SECRET: 'simulator-secret',
    EVERSEND_WEBHOOK_SECRET: 'webhook-secret',
    DATA_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ...COMPRESSED,
    ...of.env,
  };
  const merchantId = newId('merchant');
  await database.db('merchants').insert({ id: merchantId, name: 'Test merchant' });
  const { secret: apiKey } = await createApiKey(database.db, { merchantId, name: 'test', environment: 'test' });
  const webs = await Promise.all(
    ports.map(async (port) => {
      const url = `http://127.0.0.1:${port}`;
      const ready = () => until(() => fetch(`${url}/readyz`).then((r) => r.ok), `${url} is ready`, 20_000);
      return { url, ...(await startPart('src/server.ts', { ...env, PORT: String(port) }, logs, ready)) };
    }),
  );
  const workers = await Promise.all(
    Array.from({ length: of.workers ?? 1 }, () => startPart('workers/main.ts', env, logs, async () => {})),
  );
  return {
    database,
    postgres,
    redis,
    simulator,
    merchantId,
    apiKey,
    env,
    webs,
    workers,
    logs,
    fund: (currency, amountMinor) => fund(database, merchantId, currency, amountMinor),
    client: createClient({
      baseUrl: webs[0]?.url ?? '',
      apiKey,
      deadlineMs: 20_000,
      retries: Number.POSITIVE_INFINITY,
    }),
    async call(method, path, { body, key, web = 0 } = {}) {
      const response = await fetch(`${webs[web]?.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    },
    async close() {
      await Promise.all([...webs, ...workers].map((part) => part.kill('SIGKILL')));
      await simulator.close();
      await redis?.close();
      await database.close();
    },
  };
}

async function startPart(
  file: string,
  env: Record<string, string>,
  logs: string[],
  ready: () => Promise<unknown>,
): Promise<Part> {
  const launch = async (more: Record<string, string> = {}): Promise<ChildProcess> => {
    const launched = spawn(process.execPath, [resolve(ROOT, file)], {
      cwd: ROOT,
      env: { ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [launched.stdout, launched.stderr])
      stream?.on('data', (chunk: Buffer) => logs.push(chunk.toString()));
    const exited = once(launched, 'exit').then(() => {
      throw new Error(`${file} ended at its start:\n${logs.slice(-5).join('')}`);
    });
    exited.catch(() => undefined);
    await Promise.race([ready(), exited]);
    return launched;
  };
  let child = await launch();
  return {
    get pid() {
      return child.pid as number;
    },
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return null;
      const exited = once(child, 'exit');
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
    async restart(more) {
      child = await launch(more);
    },
  };
}

function fund(database: TestDatabase, merchantId: string, currency: string, amountMinor: bigint): Promise<string> {
  return inTransaction(database.db, async (trx) => {
    const open = { name: 'test_open_wallet', text: 'SELECT open_wallet($1, $2, $3, $4) AS id' };
    const [row] = await run<{ id: string }>(trx, open, [newId('wallet'), merchantId, '', currency]);
    const id = row?.id as string;
    const moves = [{ from: systemAccount('capital', currency), to: availableAccount(id), amountMinor }];
    await post(trx, [
      entry({ reference: `fund:${newId('journalEntry')}`, kind: 'fund', currency, actor: 'test', moves }),
    ]);
    return id;
  });
}
