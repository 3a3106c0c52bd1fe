// Starts an embedded PostgreSQL in the folder given and prints its pid: a starter that tests may kill.
import { startPostgres } from '../../src/local/postgres.ts';

const postgres = await startPostgres({ dataDir: process.argv[2] ?? '', settings: { fsync: 'off' } });
process.stdout.write(`${postgres.pid}\n`);
setInterval(() => {}, 60_000);
