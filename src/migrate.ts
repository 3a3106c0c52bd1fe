// The release command: applies the migrations (`down` takes the last batch back, `status` lists), and says what it did.
import { readVariables } from './config.ts';
import { isConnectionLoss } from './db/knex.ts';
import { migrate, migrationStatus, rollBack } from './db/migrations.ts';

export { migrate };

/** The address migrations use: MIGRATION_DATABASE_URL, else DATABASE_URL. Raises a one-sentence error when neither is set. */
export function migrationUrl(): string {
  const { DATABASE_URL, MIGRATION_DATABASE_URL } = readVariables(['DATABASE_URL', 'MIGRATION_DATABASE_URL']);
  const url = MIGRATION_DATABASE_URL ?? DATABASE_URL;
  if (url === undefined) throw new Error('DATABASE_URL is missing: set it to the database to migrate.');
  return url;
}

async function main(command: string): Promise<void> {
  const url = migrationUrl();
  if (command === 'up') {
    const applied = await migrate(url);
    for (const name of applied) console.log(`applied ${name}`);
    console.log(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.length}; it is up to date.`);
  } else if (command === 'down') {
    const undone = await rollBack(url);
    for (const name of undone) console.log(`undid ${name}`);
    console.log(undone.length === 0 ? 'There was nothing to undo.' : `Undid ${undone.length}.`);
  } else if (command === 'status') {
    const { applied, pending } = await migrationStatus(url);
    for (const name of applied) console.log(`applied ${name}`);
    for (const name of pending) console.log(`pending ${name}`);
    console.log(`${applied.length} applied, ${pending.length} pending.`);
  } else {
    throw new Error(`There is no "${command}": say up, down or status.`);
  }
}

/** One sentence for the failures an operator meets; anything else keeps its own message. */
export function migrationProblem(error: unknown): string {
  const { code = '', message } = error as Error & { code?: string };
  if (isConnectionLoss(error)) {
    return 'The database does not answer: check DATABASE_URL (or MIGRATION_DATABASE_URL), and that it runs.';
  }
  if (code === '28P01' || code === '28000') return 'The database refused the user or password in its address.';
  if (code === '3D000') return 'The database named in the address does not exist: create it first.';
  if (code === '42501')
    return `The database role may not do this (${message}): give MIGRATION_DATABASE_URL one that may.`;
  if (code === '55P03')
    return 'For two minutes another migration was running, or a table was never free: see what holds it, end that, and migrate again.';
  return code === '' ? message : `The migration failed and was undone: ${message}`;
}

if (import.meta.main) {
  try {
    await main(process.argv[2] ?? 'up');
  } catch (error) {
    console.error(migrationProblem(error));
    process.exitCode = 1;
  }
}
