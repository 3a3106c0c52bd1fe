// `npm run bench`: starts private servers, measures, prints a table and one closing JSON line, and leaves nothing behind.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureBulk, reportBulk } from './bulk.ts';
import { measureConsole } from './console/measure.ts';
import { reportConsole } from './console/report.ts';
import { readFlags, USAGE } from './flags.ts';
import { type Servers, startServers } from './harness/servers.ts';
import { measureLedger } from './ledger/measure.ts';
import { reportLedger } from './ledger/report.ts';
import { measurePayouts } from './payouts.ts';
import { reportPayouts } from './report.ts';

const print = (line: string) => console.log(line);
/** Progress goes to stderr, so that what is redirected is the result alone. */
const say = (sentence: string) => console.error(sentence);

async function main(args: readonly string[]): Promise<void> {
  const flags = readFlags(args);
  if (flags === null) {
    print(USAGE);
    return;
  }
  const cleanup = new AsyncDisposableStack();
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    say(`${signal}: stopping the servers.`);
    void cleanup.disposeAsync().finally(() => process.exit(130));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const servers = await startServers({ statistics: flags.profile !== null });
    cleanup.defer(() => servers.close());
    say(`PostgreSQL ${servers.serverVersion} and Redis are up; one fsync takes ${servers.fsyncUs} µs.`);
    const tools = { flags, servers, cleanup, say };
    const measure = async () => {
      if (flags.ledger) return reportLedger({ results: await measureLedger(tools), servers, print });
      if (flags.bulk) return reportBulk({ results: await measureBulk(tools), servers, print });
      if (flags.console) return reportConsole({ results: await measureConsole(tools), servers, print });
      return reportPayouts({ results: await measurePayouts(tools), servers, print });
    };
    const bench = await measure();
    if (flags.profile !== null) writeFileSync(join(flags.profile, 'statements.tsv'), await statementTimes(servers));
    print(`\n${JSON.stringify({ bench })}`);
  } catch (error) {
    // A stop tears the servers away from under whatever was running; what that says is of no interest.
    if (stopping) await new Promise(() => {});
    throw error;
  } finally {
    if (!stopping) await cleanup.disposeAsync();
  }
}

/** What each statement took, those inside functions too, the dearest first. */
async function statementTimes({ administer }: Servers): Promise<string> {
  await administer('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  const rows = await administer(`
    SELECT round(s.total_exec_time::numeric, 1) AS total_ms, s.calls, round(s.mean_exec_time::numeric * 1000, 1) AS mean_micros, s.rows,
      d.datname AS database, left(regexp_replace(s.query, '\\s+', ' ', 'g'), 160) AS statement
    FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid ORDER BY s.total_exec_time DESC LIMIT 100`);
  return [Object.keys(rows[0] ?? {}), ...rows.map(Object.values)].map((cells) => cells.join('\t')).join('\n');
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
