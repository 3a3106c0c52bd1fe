// The database: one pool under the application role, short transactions that are run again when Postgres asks for it.
import { setTimeout as wait } from 'node:timers/promises';
import knexModule, { type Knex } from 'knex';
import pg from 'pg';

export type Db = Knex;
/** An open database transaction: whoever is given one can touch the database and nothing else. */
export type Trx = Knex.Transaction;

// bigint columns hold money and must never become floats; counts are read as bigint too and converted where they are shown.
pg.types.setTypeParser(pg.types.builtins.INT8, BigInt);

/** Role that migrations create and pools switch to: it may not alter the journal, the history or the audit log. */
export const APPLICATION_ROLE = 'eversend_app';

/**
 * Every statement of ours is short and has its index, so Postgres is told to go by nested loops over indexes, with one plan made
 * once. Left to itself it guesses thousands of rows for each batch and reads whole tables for it, keeps a plan from when a table
 * was young (and reads the whole index of what it believes to be empty), or plans anew for every batch. Who means to read everything (`verifyLedger`) takes this back.
 */
const SETTINGS = [
  "SET statement_timeout = '30s'",
  "SET lock_timeout = '10s'",
  "SET idle_in_transaction_session_timeout = '60s'",
  'SET enable_seqscan = off',
  'SET enable_hashjoin = off',
  'SET enable_mergejoin = off',
  'SET enable_material = off',
  'SET jit = off',
  'SET plan_cache_mode = force_generic_plan',
].join('; ');

/** Inside a transaction that reads whole tables: gives the planner its freedom back. */
export const READ_EVERYTHING = [
  'SET LOCAL statement_timeout = 0',
  'SET LOCAL enable_seqscan = on',
  'SET LOCAL enable_hashjoin = on',
  'SET LOCAL enable_mergejoin = on',
  'SET LOCAL enable_material = on',
  'SET LOCAL plan_cache_mode = auto',
].join('; ');

/**
 * Inside a transaction whose statements are made of what somebody chose: planned with the values given, since one plan for a merchant
 * of half the rows and for one of a handful walks them all for the second.
 */
export const PLAN_WITH_VALUES = 'SET LOCAL plan_cache_mode = force_custom_plan';

/**
 * Longer than any of our statements may take: whoever has not answered by then never will (a failover, a pooler that dropped it),
 * and a batcher that waited for it would wait for ever.
 */
const ANSWER_WITHIN_MS = 40_000;
const answerWithin = new WeakMap<pg.Client, number>();

/** Opens the pool. `onError` hears of connections that die while idle; without a listener such an error would end the process. */
export function openDatabase(of: {
  url: string;
  poolSize: number;
  onError: (error: Error) => void;
  role?: string | null;
  answerWithinMs?: number;
}): Db {
  const role = of.role === undefined ? APPLICATION_ROLE : of.role;
  return knexModule({
    client: 'pg',
    connection: {
      connectionString: of.url,
      application_name: 'eversend-payments',
      connectionTimeoutMillis: 5000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    },
    acquireConnectionTimeout: 10_000,
    // knex would print lost connections to the console, past the logger; whoever asked gets the error anyway.
    log: { warn() {}, error() {}, debug() {}, deprecate() {} },
    pool: {
      min: 0,
      max: of.poolSize,
      afterCreate(connection: pg.Client, done: (error: Error | null, connection: pg.Client) => void) {
        connection.on('error', of.onError);
        answerWithin.set(connection, of.answerWithinMs ?? ANSWER_WITHIN_MS);
        connection.query(role === null ? SETTINGS : `SET ROLE ${role}; ${SETTINGS}`, (error) =>
          done(error ?? null, connection),
        );
      },
    },
  });
}

/** A hot statement written out, with `$1` parameters. Its name lets Postgres plan it once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs a named, prepared statement inside an open database transaction and gives its rows. */
export async function run<Row>(trx: Trx, statement: Statement, values: unknown[]): Promise<Row[]> {
  return ask<Row>((await trx.client.acquireConnection()) as pg.Client, statement, values);
}

/** Ends a connection that does not answer in time; the statement then fails as with any lost connection. */
async function ask<Row>(connection: pg.Client, { name, text }: Statement, values: unknown[]): Promise<Row[]> {
  const late = setTimeout(() => void connection.end(), answerWithin.get(connection) ?? ANSWER_WITHIN_MS);
  try {
    return (await connection.query({ name, text, values })).rows as Row[];
  } finally {
    clearTimeout(late);
  }
}

/** The same for a single statement of its own, without BEGIN and COMMIT around it. */
export async function runAlone<Row>(db: Db, statement: Statement, values: unknown[]): Promise<Row[]> {
  const connection = (await db.client.acquireConnection()) as pg.Client;
  try {
    return await ask<Row>(connection, statement, values);
  } finally {
    await db.client.releaseConnection(connection);
  }
}

/** The same for a statement that writes: what Postgres asks to be run again is run again, as by `inTransaction`. */
export function runWhole<Row>(db: Db, statement: Statement, values: unknown[]): Promise<Row[]> {
  return retryingTransient(() => runAlone<Row>(db, statement, values));
}

/** A statement with its values. */
export interface Call {
  readonly statement: Statement;
  readonly values: unknown[];
}

const TRANSIENT = new Set(['40001', '40P01', '55P03']);

/** Whether the database refused for a reason that a second try of the whole transaction cures (deadlock, serialization, lock wait). */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has((error as { code?: string }).code ?? '');
}

// Of the socket, of the name service, and of a server that has no connection left to give (53300) or takes one away (25P03).
const LOST =
  /^(08...|57P0.|53300|25P03|E(CONN(RESET|REFUSED|ABORTED)|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH))$/;
// The driver and the pool give these no code.
const LOST_SAYING =
  /^timeout expired$|Connection terminated|connection timeout|Timeout acquiring|Client (has encountered|was closed)|Connection ended/i;

/** Whether the connection, not the statement, failed: what was being committed may or may not have been. */
export function isConnectionLoss(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return LOST.test(code) || LOST_SAYING.test(message);
}

/** SQLSTATE of a unique violation, and the constraint that was violated. */
export function violatedUnique(error: unknown): string | null {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === '23505' ? (constraint ?? '') : null;
}

/**
 * Runs `work` in one database transaction; deadlocks and lock time-outs are retried up to three times with jitter.
 * A lost connection is not retried here: the caller re-reads first, since the COMMIT may have gone through.
 */
export async function inTransaction<T>(db: Db, work: (trx: Trx) => Promise<T>): Promise<T> {
  return retryingTransient(() => db.transaction(work));
}

async function retryingTransient<T>(attempt: () => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (round === 4 || !isTransient(error)) throw error;
      await wait(Math.random() * 20 * round);
    }
  }
}
