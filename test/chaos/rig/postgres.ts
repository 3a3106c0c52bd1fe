// The rig's PostgreSQL: migrated, killed with all its backends, restarted on the same address with what was committed.
import pg from 'pg';
import { migrate } from '../../../src/db/migrations.ts';
import { type EmbeddedPostgres, startPostgres } from '../../../src/local/postgres.ts';
import { type Part, signalTree } from './part.ts';

export interface PostgresPart extends Part {
  /** Past the proxies, as superuser. */
  readonly url: string;
  readonly port: number;
  /** The address of the checker's own role, which may read everything and write nothing. */
  readonly readerUrl: string;
  close(): Promise<void>;
}

// A killed server loses nothing that reached the operating system, so the disk need not be waited for.
const SETTINGS = { fsync: 'off', max_connections: '200', log_min_messages: 'fatal' };

export async function startPostgresPart(folder: string): Promise<PostgresPart> {
  let server: EmbeddedPostgres = await startPostgres({ dataDir: folder, settings: SETTINGS });
  const { url, port } = server;
  await migrate(url);
  const readerUrl = await makeReader(url);
  let kills = 0;
  let running = true;
  return {
    name: 'postgres',
    kind: 'postgres',
    url,
    port,
    readerUrl,
    get isRunning() {
      return running;
    },
    get kills() {
      return kills;
    },
    async kill(signal = 'SIGKILL') {
      if (!running) return;
      running = false;
      if (signal === 'SIGKILL') {
        kills += 1;
        server.kill('SIGKILL');
        await server.exited;
      } else {
        await server.stop(signal === 'SIGQUIT' ? 'immediate' : 'fast');
      }
    },
    async start() {
      if (running) return;
      server = await startPostgres({ dataDir: folder, port, settings: SETTINGS });
      running = true;
    },
    freeze: () => signalTree(server.pid, 'SIGSTOP'),
    thaw: () => signalTree(server.pid, 'SIGCONT'),
    close: () => server.stop('immediate'),
  };
}

const READER = 'chaos_reader';

async function makeReader(url: string): Promise<string> {
  const address = new URL(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE ROLE ${READER} LOGIN PASSWORD '${address.password}'`);
    await client.query(`GRANT pg_read_all_data TO ${READER}`);
    await client.query(`ALTER ROLE ${READER} SET default_transaction_read_only = on`);
  } finally {
    await client.end();
  }
  address.username = READER;
  return address.href;
}
