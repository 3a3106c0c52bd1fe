// Starts the whole product as the Procfile does: one web process and one worker process, on the benchmark's servers and provider.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { environmentFor, variables } from '../../src/config.ts';
import { freePort } from '../../src/local/ports.ts';
import { type Child, startChild } from '../harness/child.ts';
import type { BenchProvider } from '../harness/provider.ts';
import type { Servers } from '../harness/servers.ts';
import { OWNERS, type Subject } from '../harness/subject.ts';
import { setUpProduct } from './set-up.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** A few, as a deployment has; each with its own wallets. */
const MERCHANTS = 4;
const READY_PATIENCE_MS = 30_000;

const ENDED = `SELECT id, state FROM transactions
  WHERE id = ANY($1) AND state IN ('settled', 'failed', 'in_review', 'cancelled', 'reversed')`;

interface Surroundings {
  readonly servers: Servers;
  readonly provider: BenchProvider;
  readonly redisDatabase: number;
  readonly cleanup: AsyncDisposableStack;
  /** A folder for the processes' processor profiles. */
  readonly profile: string | null;
}

/** What the product seals with. */
export const SEALING = { DATA_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') } as const;

const FILES = { web: 'src/server.ts', worker: 'workers/main.ts' } as const;
type Part = keyof typeof FILES;

/** The caller ends it by disposing of `cleanup`. */
export async function startProduct(of: Surroundings): Promise<Subject> {
  const databaseUrl = await of.servers.createDatabase('product');
  const keys = await setUpProduct(databaseUrl, { merchants: MERCHANTS, owners: OWNERS });
  const { apiUrl, children } = await startProcesses({ ...of, databaseUrl }, ['web', 'worker']);
  const [web, worker] = children as [Child, Child];
  of.provider.tell(apiUrl);
  return {
    name: 'product',
    apiUrl,
    databaseUrl,
    headers: (n) => ({ authorization: `Bearer ${keys[n % keys.length]}` }),
    endedText: ENDED,
    processes: { api: web.pid, worker: worker.pid },
    stopWorker: () => worker.end(),
  };
}

/** Starts these processes on a database that is there, and waits until they are ready. */
export async function startProcesses(
  of: Surroundings & { databaseUrl: string },
  parts: readonly Part[],
): Promise<{ apiUrl: string; children: readonly Child[] }> {
  const port = await freePort();
  const env = environmentFor({
    // Whatever configuration surrounds us is not the benchmark's: an empty variable counts as absent.
    ...Object.fromEntries(Object.keys(variables).map((name) => [name, ''])),
    ...SEALING,
    DATABASE_URL: of.databaseUrl,
    REDIS_URL: of.servers.redisUrl(of.redisDatabase),
    PORT: String(port),
    HOST: '127.0.0.1',
    BASE_PATH: '',
    LOG_LEVEL: 'warn',
    EVERSEND_BASE_URL: `${of.provider.url}/v1`,
    EVERSEND_CLIENT_ID: 'bench',
    EVERSEND_CLIENT_SECRET: 'bench',
    EVERSEND_WEBHOOK_SECRET: of.provider.webhookSecret,
    EVERSEND_WEBHOOK_ALGORITHM: 'sha512',
    API_ENVIRONMENT: 'test',
    // The skeletons know no such limits, and the provider is on this machine.
    PROVIDER_RATE_PER_SECOND: '0',
    PROVIDER_MAX_CONCURRENCY: '50',
    RATE_LIMIT_KEY_PER_SECOND: '1000000',
    RATE_LIMIT_IP_PER_SECOND: '1000000',
    RATE_LIMIT_READS_PER_SECOND: '1000000',
    RATE_LIMIT_WRITES_PER_SECOND: '1000000',
    RATE_LIMIT_MONEY_PER_SECOND: '1000000',
  });
  const children = parts.map((name) => {
    const child = startChild({
      name: `the product's ${name} process`,
      command: process.execPath,
      args: [
        '--import',
        join(ROOT, 'src', 'local', 'follow-parent.ts'),
        ...profiling(of.profile, name),
        join(ROOT, FILES[name]),
      ],
      env,
      ipc: true,
    });
    of.cleanup.defer(() => child.end());
    return child;
  });
  const apiUrl = `http://127.0.0.1:${port}`;
  await untilReady(apiUrl, children);
  return { apiUrl, children };
}

function profiling(folder: string | null, name: string): readonly string[] {
  if (folder === null) return [];
  mkdirSync(folder, { recursive: true });
  return ['--cpu-prof', '--cpu-prof-dir', folder, '--cpu-prof-name', `${name}.cpuprofile`];
}

async function untilReady(apiUrl: string, children: readonly Child[]): Promise<void> {
  const deadline = performance.now() + READY_PATIENCE_MS;
  for (;;) {
    for (const child of children) child.mustLive();
    const status = await request(`${apiUrl}/readyz`).then(
      async ({ statusCode, body }) => {
        await body.dump();
        return statusCode;
      },
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > deadline)
      throw new Error(`the product is not ready: /readyz answers ${status || 'nothing'}`);
    await wait(50);
  }
}
