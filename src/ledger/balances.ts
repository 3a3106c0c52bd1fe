// Balances: of one wallet, of a system account, and the trial balance of the whole book.
import { type Db, inTransaction, READ_EVERYTHING, run, runAlone, type Trx } from '../db/knex.ts';
import { availableAccount, heldAccount } from './ledger-account.ts';

export interface WalletBalance {
  readonly availableMinor: bigint;
  readonly heldMinor: bigint;
}

const WALLETS = {
  name: 'wallet_balances',
  text: 'SELECT id, balance FROM ledger_accounts WHERE id = ANY($1)',
};

/** Balances of wallets, in hundredths, by wallet id. Unknown wallets are absent. */
export async function walletBalances(db: Db, walletIds: readonly string[]): Promise<Map<string, WalletBalance>> {
  const rows = await runAlone<{ id: string; balance: bigint }>(db, WALLETS, [
    walletIds.flatMap((id) => [availableAccount(id), heldAccount(id)]),
  ]);
  const balances = new Map(rows.map((row) => [row.id, row.balance]));
  return new Map(
    walletIds.flatMap((id) => {
      const availableMinor = balances.get(availableAccount(id));
      const heldMinor = balances.get(heldAccount(id));
      return availableMinor === undefined || heldMinor === undefined
        ? []
        : [[id, { availableMinor, heldMinor }] as const];
    }),
  );
}

const LOCK_BALANCE = { name: 'lock_balance', text: 'SELECT lock_balance($1) AS balance' };

/** What a wallet has available, locked until the database transaction ends: for entries whose shape depends on the balance. */
export async function lockAvailable(trx: Trx, walletId: string): Promise<bigint> {
  const [row] = await run<{ balance: bigint | null }>(trx, LOCK_BALANCE, [availableAccount(walletId)]);
  return row?.balance ?? 0n;
}

export interface TrialBalanceRow {
  readonly currency: string;
  readonly account: string;
  readonly balanceMinor: bigint;
}

// A roll-up and its tail meet at through_xact: every posting is counted once, on one side of it.
const TRIAL_BALANCE = {
  name: 'trial_balance',
  text: `
    SELECT currency, kind AS account, sum(balance)::text AS balance FROM (
      SELECT currency, kind, balance::numeric FROM ledger_accounts WHERE balance IS NOT NULL
      UNION ALL
      SELECT a.currency, a.kind, coalesce(r.amount, 0) + coalesce((
        SELECT sum(p.amount) FROM postings p
        WHERE p.account_id = a.id AND p.balance_after IS NULL AND p.xact >= coalesce(r.through_xact, '0'::xid8)), 0)
      FROM ledger_accounts a LEFT JOIN ledger_rollups r ON r.account_id = a.id WHERE a.wallet_id IS NULL
    ) AS balances GROUP BY currency, kind ORDER BY currency, kind`,
};

/** Every account kind's balance per currency, in one snapshot. Per currency the rows add up to zero. */
export async function trialBalance(db: Db): Promise<TrialBalanceRow[]> {
  const rows = await runAlone<{ currency: string; account: string; balance: string }>(db, TRIAL_BALANCE, []);
  return rows.map((row) => ({ currency: row.currency, account: row.account, balanceMinor: BigInt(row.balance) }));
}

const ROLL_UP = { name: 'roll_up_ledger', text: 'SELECT roll_up_ledger()' };

/** Moves the settled tails of the system accounts into their roll-ups, so that their sums stay cheap. */
export async function rollUp(db: Db): Promise<void> {
  await runAlone(db, ROLL_UP, []);
}

/** Whether the roll-ups are of another cluster, as after restoring a dump: then what is posted from now on would not be counted. */
export async function areRollUpsForeign(db: Db): Promise<boolean> {
  const { rows } = await db.raw<{ rows: [{ foreign: boolean }] }>(
    'SELECT EXISTS (SELECT FROM ledger_rollups WHERE through_xact > pg_snapshot_xmax(pg_current_snapshot())) AS foreign',
  );
  return rows[0].foreign;
}

/** Makes the roll-ups anew from the postings, also in another cluster. Nothing is posted meanwhile. Gives how many postings had numbers of another cluster. */
export async function rebuildRollUps(db: Db): Promise<bigint> {
  return inTransaction(db, async (trx) => {
    await trx.raw(`${READ_EVERYTHING}; SET LOCAL lock_timeout = '60s'`);
    const { rows } = await trx.raw<{ rows: [{ changed: bigint }] }>('SELECT rebuild_rollups() AS changed');
    await trx.raw('SELECT roll_up_ledger()');
    return rows[0].changed;
  });
}
