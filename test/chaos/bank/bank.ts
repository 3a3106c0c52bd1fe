// The bank test: clients transfer, readers add up in snapshots, Postgres restarts and connections are cut; then every transfer is asked for.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { openDatabase } from '../../../src/db/knex.ts';
import { availableAccount } from '../../../src/ledger/ledger-account.ts';
import { say } from '../checker/violation.ts';
import { Watch } from '../checker/watch.ts';
import { Link } from '../proxy/link.ts';
import { readNothing } from '../proxy/wire.ts';
import { type PostgresPart, startPostgresPart } from '../rig/postgres.ts';
import { setUpMerchant } from '../rig/set-up.ts';
import { readsOf } from './readers.ts';
import { type BankWallet, TRANSFER, type Transfer, transfersBetween } from './transfers.ts';

/** Clients of one entrance share a pool, as requests of one process do. */
const ENTRANCES = 4;
const FUNDED_MINOR = 100_000n;
/** Of what a wallet begins with: so many transfers are refused. */
const MOST_MINOR = 60_000;
const LOOK_EVERY_MS = 20;

export interface Pace {
  /** Whether it has gone on for long enough. */
  isOver(done: { readonly transfers: number; readonly ms: number; readonly faults: number }): boolean;
  /** Whether the next fault is due. Without: nothing is disturbed. */
  isFaultDue?(done: { readonly transfers: number; readonly ms: number; readonly faults: number }): boolean;
}

export interface BankOptions {
  readonly currencies: readonly string[];
  readonly walletsEach: number;
  readonly clients: number;
  readonly readers: number;
  readonly pace: Pace;
  /** How often the checker looks at the whole book meanwhile. */
  readonly checkEveryMs: number;
}

export interface BankResult {
  readonly seconds: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unheard: number;
  readonly reads: number;
  readonly snapshots: number;
  readonly restarts: number;
  readonly cuts: number;
  readonly deadlocks: number;
  /** Sentences; the run has passed when there are none. */
  readonly problems: readonly string[];
}

export async function bank(of: BankOptions): Promise<BankResult> {
  await using cleanup = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'eversend-payments-bank-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  cleanup.defer(() => {
    process.off('exit', remove);
    remove();
  });
  const postgres = await startPostgresPart(folder);
  cleanup.defer(() => postgres.close());
  const owned = of.currencies.flatMap((currency) =>
    Array.from({ length: of.walletsEach }, (_, n) => ({ owner: `customer-${n + 1}`, currency })),
  );
  const { walletIds } = await setUpMerchant(postgres.url, owned, FUNDED_MINOR);
  const wallets = owned.map(({ currency }, n): BankWallet => ({ id: walletIds[n] as string, currency }));
  const totals = new Map(of.currencies.map((one) => [one, String(FUNDED_MINOR * BigInt(of.walletsEach))] as const));

  const link = new Link<never>({ upstream: () => ({ host: '127.0.0.1', port: postgres.port }), read: readNothing });
  cleanup.defer(() => link.shut());
  const pools = await Promise.all(
    Array.from({ length: ENTRANCES }, async (_, n) => {
      const address = new URL(postgres.url);
      address.port = String(await link.entrance(`clients-${n}`));
      return openDatabase({ url: address.href, poolSize: Math.ceil(of.clients / ENTRANCES), onError: () => {} });
    }),
  );
  const transfers = transfersBetween(wallets, MOST_MINOR);
  const reads = readsOf(postgres.readerUrl, totals);
  const violations: string[] = [];
  const watch = new Watch({
    databaseUrl: postgres.readerUrl,
    simulatorUrl: null,
    onViolation: (violation) => violations.push(say(violation)),
  });
  cleanup.defer(() => watch.close());

  const over = new AbortController();
  const reading = new AbortController();
  const startedAt = performance.now();
  const clients = Promise.all(
    Array.from({ length: of.clients }, (_, n) =>
      transfers.client(pools[n % ENTRANCES] as (typeof pools)[number], over.signal),
    ),
  );
  const readers = Promise.all(Array.from({ length: of.readers }, () => reads.reader(reading.signal)));
  const watching = watch.run(of.checkEveryMs, reading.signal);
  const faults = { restarts: 0, cuts: 0 };
  const working = Promise.all([clients, readers, watching]);
  // A reader that cannot go on ends the run, not this process.
  working.catch(() => over.abort());
  while (!over.signal.aborted) {
    const done = {
      transfers: transfers.acknowledged,
      ms: performance.now() - startedAt,
      faults: faults.restarts + faults.cuts,
    };
    if (of.pace.isOver(done)) over.abort();
    else if (of.pace.isFaultDue?.(done)) await disturb(postgres, link, faults);
    else await wait(LOOK_EVERY_MS);
  }
  await clients;
  const seconds = (performance.now() - startedAt) / 1000;
  reading.abort();
  await working;
  await Promise.all(pools.map((pool) => pool.destroy()));

  await watch.look();
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  cleanup.defer(() => client.end());
  const lost = await compareWithBook(client, wallets, transfers.all);
  return {
    seconds,
    acknowledged: transfers.acknowledged,
    refused: transfers.all.filter(({ fate }) => fate === 'refused').length,
    unheard: transfers.unheard,
    reads: reads.count,
    snapshots: watch.snapshots,
    ...faults,
    deadlocks: await deadlocksOf(client),
    problems: [...transfers.problems, ...reads.bad, ...violations, ...lost],
  };
}

/** By turns: the connections of some clients are reset, and the whole server ends without a word and starts again. */
async function disturb(postgres: PostgresPart, link: Link<never>, faults: { restarts: number; cuts: number }) {
  if (faults.cuts > faults.restarts) {
    await postgres.kill('SIGQUIT');
    await link.shut();
    await postgres.start();
    await link.reopen();
    faults.restarts += 1;
  } else {
    link.cut(`clients-${faults.cuts % ENTRANCES}`);
    faults.cuts += 1;
  }
}

/** The book against what the clients were told, by their own arithmetic. */
async function compareWithBook(
  client: pg.Client,
  wallets: readonly BankWallet[],
  transfers: readonly Transfer[],
): Promise<string[]> {
  const problems: string[] = [];
  const { rows } = await client.query<{ reference: string; lines: string }>(
    `SELECT e.reference, string_agg(p.account_id || ' ' || p.amount, ', ' ORDER BY p.amount) AS lines
     FROM journal_entries e JOIN postings p ON p.entry_id = e.id WHERE e.kind = $1 GROUP BY e.id`,
    [TRANSFER],
  );
  const booked = new Map(rows.map((row) => [row.reference, row.lines]));
  const balances = new Map(wallets.map(({ id }) => [id, FUNDED_MINOR]));
  for (const { reference, from, to, amountMinor, fate } of transfers) {
    const lines = booked.get(reference);
    booked.delete(reference);
    if (lines === undefined) {
      if (fate === 'acknowledged') problems.push(`${reference} was acknowledged and is lost`);
      continue;
    }
    if (fate === 'refused') problems.push(`${reference} was refused and is in the book`);
    const expected = `${availableAccount(from.id)} ${-amountMinor}, ${availableAccount(to.id)} ${amountMinor}`;
    if (lines !== expected) problems.push(`${reference} was booked as "${lines}", not as "${expected}"`);
    balances.set(from.id, (balances.get(from.id) ?? 0n) - amountMinor);
    balances.set(to.id, (balances.get(to.id) ?? 0n) + amountMinor);
  }
  for (const reference of booked.keys()) problems.push(`${reference} is in the book and nobody asked for it`);
  for (const [id, expected] of balances) {
    const found = await client.query('SELECT balance FROM ledger_accounts WHERE id = $1', [availableAccount(id)]);
    const balance: bigint = found.rows[0].balance;
    if (balance !== expected) problems.push(`wallet ${id} is at ${balance}, and its transfers say ${expected}`);
  }
  return problems;
}

/** Since the server's last start: an immediate end loses these counts. */
async function deadlocksOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query(
    'SELECT deadlocks::int AS count FROM pg_stat_database WHERE datname = current_database()',
  );
  return rows[0].count as number;
}
