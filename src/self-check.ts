// What must be so before a process may touch money: every check of a start, in one list, and the refusal when one fails.
import { setTimeout as wait } from 'node:timers/promises';
import { APPLICATION_ROLE, type Db } from './db/knex.ts';
import { compareMigrations } from './db/migrations.ts';
import { areRollUpsForeign } from './ledger/balances.ts';
import type { Logger } from './logger.ts';
import { dataKeyProblem } from './personal-data/data-keys.ts';
import { refuse } from './process.ts';
import type { BullmqQueues } from './queue/bullmq.ts';
import type { Vault } from './vault.ts';

/** What the checks look at. */
export interface Checked {
  readonly db: Db;
  readonly queues: Pick<BullmqQueues, 'ping' | 'problem'>;
  readonly vault: Vault;
  readonly log: Logger;
}

/** `ask` gives a sentence about what is wrong, or null. It raises while the store cannot be asked: that comes and goes, and is no refusal. */
export interface Check {
  readonly name: string;
  readonly ask: (of: Checked) => Promise<string | null>;
}

/** Tables that only grow. In the first list not even a row may be added by hand: the ledger's own functions do it. */
const WRITTEN_BY_FUNCTIONS = ['journal_entries', 'postings', 'ledger_accounts', 'ledger_rollups'];
const APPEND_ONLY = ['transaction_history', 'audit_log', 'earnings', 'fee_schedules'];

const FORBIDDEN = `
  SELECT t.name, p.privilege FROM unnest(?::text[]) AS t(name), unnest(?::text[]) AS p(privilege)
  WHERE has_table_privilege(t.name, p.privilege) OR (p.privilege = 'UPDATE' AND has_any_column_privilege(t.name, 'UPDATE'))
  ORDER BY t.name, p.privilege LIMIT 1`;

async function mayDo(db: Db, tables: readonly string[], privileges: readonly string[]): Promise<string | null> {
  const { rows } = await db.raw<{ rows: { name: string; privilege: string }[] }>(FORBIDDEN, [
    tables as string[],
    privileges as string[],
  ]);
  const [found] = rows;
  if (found === undefined) return null;
  return `The role ${APPLICATION_ROLE} may ${found.privilege} ${found.name}, which must only grow: revoke it (REVOKE ${found.privilege} ON ${found.name} FROM ${APPLICATION_ROLE}), and see that the role is no superuser and owns nothing.`;
}

async function isOff(db: Db, name: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { value: string }[] }>('SELECT current_setting(?) AS value', [name]);
  return rows[0]?.value === 'off';
}

export const CHECKS: readonly Check[] = [
  {
    name: 'role',
    ask: async ({ db }) => {
      const { rows } = await db.raw<{ rows: { role: string }[] }>('SELECT current_user AS role');
      const role = rows[0]?.role;
      if (role === APPLICATION_ROLE) return null;
      return `The database's connections work as ${role} instead of ${APPLICATION_ROLE}: give DATABASE_URL a login that is a member of it, without a pooler that resets the role.`;
    },
  },
  {
    name: 'migrations',
    ask: async ({ db }) => {
      const { missing, unknown } = await compareMigrations(db);
      if (missing.length > 0)
        return `The database is behind this code (it lacks ${missing[0]}): run \`npm run migrate\`.`;
      if (unknown.length > 0)
        return `The database is ahead of this code (it has ${unknown.at(-1)}): start the release that brought it, or take that migration back with it.`;
      return null;
    },
  },
  { name: 'journal', ask: ({ db }) => mayDo(db, WRITTEN_BY_FUNCTIONS, ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) },
  { name: 'append_only', ask: ({ db }) => mayDo(db, APPEND_ONLY, ['UPDATE', 'DELETE', 'TRUNCATE']) },
  {
    name: 'roll_ups',
    ask: async ({ db }) =>
      (await areRollUpsForeign(db))
        ? 'The ledger was written in another PostgreSQL cluster (the database comes from a dump), so new postings would not be counted: run `npm run cli -- ledger rebuild` before anything starts.'
        : null,
  },
  { name: 'data_encryption_key', ask: ({ db, vault }) => dataKeyProblem(db, vault) },
  {
    name: 'synchronous_commit',
    ask: async ({ db }) =>
      (await isOff(db, 'synchronous_commit'))
        ? 'PostgreSQL may forget what it has committed (synchronous_commit is off): turn it on for the server, the database and the login.'
        : null,
  },
  {
    name: 'queues',
    ask: async ({ queues }) => {
      if (!(await queues.ping())) throw new Error('the queues do not answer');
      return queues.problem();
    },
  },
];

/** Off, these lose nothing when a process dies, only when the machine does: said, not refused. */
const FOR_POWER_LOSS = ['fsync', 'full_page_writes'];

async function warnOfPowerLoss({ db, log }: Checked): Promise<void> {
  for (const name of FOR_POWER_LOSS) {
    if (await isOff(db, name))
      log.warn(
        { event: 'not_durable', code: name },
        'PostgreSQL may lose what it has committed when its machine fails',
      );
  }
}

/** Errors of asking that do not go away by waiting. */
const WRONG: ReadonlyMap<string, string> = new Map([
  ['28P01', 'The database refused the user or password in DATABASE_URL.'],
  ['28000', 'The database refused the user or password in DATABASE_URL.'],
  ['3D000', 'The database named in DATABASE_URL does not exist: create it and run `npm run migrate`.'],
  ['42P01', 'The database is not prepared: run `npm run migrate`.'],
  ['22023', `The role ${APPLICATION_ROLE} does not exist: run \`npm run migrate\`.`],
  ['42501', `The login in DATABASE_URL is not a member of ${APPLICATION_ROLE}: GRANT it to that login.`],
]);

/** How long a start waits for an answer; what has not answered by then is asked again while the process runs. */
const FIRST_ROUND_MS = 3000;
const AGAIN_MS = 1000;

interface Round {
  readonly problems: readonly string[];
  /** What could not be asked. */
  readonly unanswered: readonly Check[];
}

/** Asks every check at once. */
export async function askAll(of: Checked, checks: readonly Check[] = CHECKS): Promise<Round> {
  const late = wait(FIRST_ROUND_MS, 'late' as const, { ref: false });
  const problems: string[] = [];
  const unanswered: Check[] = [];
  await Promise.all(
    checks.map(async (check) => {
      const asked = check.ask(of);
      asked.catch(() => undefined);
      try {
        const answer = await Promise.race([asked, late]);
        if (answer === 'late') unanswered.push(check);
        else if (answer !== null) problems.push(answer);
      } catch (error) {
        const sentence = WRONG.get((error as { code?: string }).code ?? '');
        if (sentence === undefined) unanswered.push(check);
        else problems.push(sentence);
      }
    }),
  );
  return { problems: [...new Set(problems)], unanswered };
}

/**
 * Ends the process with 1 and a sentence per wrong thing. A store that is away is no reason to refuse: the rest of the checks is
 * asked as soon as it answers, and what is wrong then ends the process then. Resolves after the first round.
 */
export async function checkBeforeStart(of: Checked): Promise<void> {
  const first = await askAll(of);
  if (first.problems.length > 0) refuse(first.problems);
  warnOfPowerLoss(of).catch(() => undefined);
  if (first.unanswered.length === 0) return;
  const names = first.unanswered.map(({ name }) => name).join(', ');
  of.log.warn({ event: 'start_unchecked', code: names }, 'not everything could be checked yet; it is asked again');
  void later(of, first.unanswered);
}

async function later(of: Checked, left: readonly Check[]): Promise<void> {
  let unanswered = left;
  while (unanswered.length > 0) {
    await wait(AGAIN_MS, undefined, { ref: false });
    const round = await askAll(of, unanswered);
    if (round.problems.length > 0) {
      of.log.error({ event: 'start_refused' }, round.problems.join(' '));
      refuse(round.problems);
    }
    unanswered = round.unanswered;
  }
  of.log.info({ event: 'start_checked' }, 'everything has been checked now');
}
