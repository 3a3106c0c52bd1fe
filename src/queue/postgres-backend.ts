// BullMQ on Postgres, where there is no Redis: its own tables in the schema `bullmq` of the same database.
import {
  createPostgresBackend,
  type PostgresConnectionOptions,
  type Processor,
  Queue,
  runMigrations,
  Worker,
} from 'bullmq';
import pg from 'pg';
import type { Config } from '../config.ts';
import type { QueueName } from './queues.ts';
import {
  type Backend,
  JOB_NAME,
  JOB_OPTIONS,
  type JobData,
  openedOnce,
  type WorkerBackend,
  workerSettings,
} from './store.ts';

const SCHEMA = 'bullmq';
const CONNECTIONS = 4;

const HANGING = `
  SELECT id FROM job WHERE queue = $1 AND id = ANY($2) AND state IN ('waiting', 'active', 'delayed', 'waiting-children')`;

/** BullMQ reads counts as text; the rest of this process has taught `pg` to read them as bigint, which it cannot use. */
function ownTypes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, (text) => text);
  return types;
}

function poolSettings(config: Config) {
  return {
    connectionString: config.DATABASE_URL,
    application_name: 'eversend-payments queues',
    max: CONNECTIONS,
    connectionTimeoutMillis: 2000,
    statement_timeout: 5000,
    keepAlive: true,
    types: ownTypes(),
  };
}

/** Creates or updates BullMQ's tables; processes that start at once wait for one of them to do it. */
async function prepare(config: Config): Promise<void> {
  const client = new pg.Client({
    connectionString: config.DATABASE_URL,
    connectionTimeoutMillis: 2000,
    types: ownTypes(),
  });
  // An error outside a query (the server going down) would end the process without a listener; the query fails as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await runMigrations(client, SCHEMA);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export function openPostgresBackend(config: Config): Backend {
  const pool = new pg.Pool({ ...poolSettings(config), options: `-c search_path=${SCHEMA}` });
  pool.on('error', () => undefined);
  let prepared: Promise<void> | null = null;

  async function ready(): Promise<void> {
    prepared ??= prepare(config);
    try {
      await prepared;
    } catch (error) {
      prepared = null;
      throw error;
    }
  }

  /** BullMQ looks at the schema first and never again: a queue that failed at that is thrown away. */
  async function openQueue(name: QueueName): Promise<Queue<JobData>> {
    await ready();
    // A pool satisfies BullMQ's own description of one, though not in the eyes of TypeScript.
    const connection = pool as unknown as PostgresConnectionOptions;
    const queue = new Queue(name, { connection }, createPostgresBackend);
    queue.on('error', () => undefined);
    await queue.waitUntilReady();
    return queue as unknown as Queue<JobData>;
  }

  const queues = openedOnce(openQueue);

  return {
    queue: queues.of,
    async add(name, jobs, ahead) {
      const queue = await queues.of(name);
      // `lifo` is the head of the same list, which costs nothing (priorities would).
      const opts = ahead ? { ...JOB_OPTIONS, lifo: true } : JOB_OPTIONS;
      await queue.addBulk(jobs.map(({ jobId, data }) => ({ name: JOB_NAME, data, opts: { ...opts, jobId } })));
    },
    async hanging(name, jobIds) {
      await ready();
      const { rows } = await pool.query<{ id: string }>(HANGING, [name, jobIds]);
      return new Set(rows.map((row) => row.id));
    },
    async ping() {
      await pool.query('SELECT 1');
      return true;
    },
    problem: async () => null,
    async close() {
      await queues.close();
      await pool.end();
    },
  };
}

/** Every worker has a pool of its own and a connection that listens for work. Raises when the tables cannot be made. */
export async function openPostgresWorkers(config: Config, onError: (error: Error) => void): Promise<WorkerBackend> {
  await prepare(config);
  const pool = new pg.Pool({ ...poolSettings(config), max: 1 });
  pool.on('error', onError);
  return {
    async worker(name: QueueName, process: Processor<JobData, void>, choices = {}) {
      const connection: PostgresConnectionOptions = { ...poolSettings(config), schema: SCHEMA };
      const options = { ...workerSettings(config), ...choices, connection };
      const worker = new Worker(name, process, options, createPostgresBackend) as unknown as Worker<JobData, void>;
      worker.on('error', onError);
      try {
        await worker.waitUntilReady();
      } catch (error) {
        await worker.close(true);
        throw error;
      }
      return worker;
    },
    async ping() {
      await pool.query('SELECT 1');
      return true;
    },
    close: () => pool.end(),
  };
}
