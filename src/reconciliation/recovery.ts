// The recovery switch: a row that keeps every process from sending until the provider's list has been gone through.
import { type Actor, audit } from '../audit/audit.ts';
import { type Db, inTransaction, READ_EVERYTHING, runAlone } from '../db/knex.ts';
import { Refused } from '../errors.ts';

/** What a run found, in numbers. */
export interface RecoveryFound {
  readonly from: string;
  readonly to: string;
  /** Operations under references of our form. */
  readonly listed: number;
  /** Entries of the provider's list that could not be understood. */
  readonly unread: number;
  /** Rows that said "never sent" about something that was. */
  readonly adopted: number;
  /** Rows that were behind, or contradicted, and have moved. */
  readonly advanced: number;
  /** Operations that no row explains, each with its case. */
  readonly strangers: number;
  /** Rows about which the provider could not be asked: while there are any, the run is not complete. */
  readonly unsure: number;
}

export interface Recovery {
  readonly id: bigint;
  readonly begunAt: Date;
  readonly begunBy: string;
  readonly newestAt: Date;
  readonly ranAt: Date | null;
  readonly found: RecoveryFound | null;
}

const OPEN = {
  name: 'recovery_open',
  text: `
    SELECT id, begun_at AS "begunAt", begun_by AS "begunBy", newest_at AS "newestAt", ran_at AS "ranAt", found
    FROM recoveries WHERE finished_at IS NULL`,
};

export async function openRecovery(db: Db): Promise<Recovery | null> {
  const [row] = await runAlone<Recovery>(db, OPEN, []);
  return row ?? null;
}

// A database without transactions has forgotten all of them: then a week is as good a guess as any, and --from says better.
const BEGIN = `
  INSERT INTO recoveries (begun_by, newest_at)
  SELECT ?, coalesce((SELECT max(updated_at) FROM transactions), now() - interval '7 days')
  ON CONFLICT ((finished_at IS NULL)) WHERE finished_at IS NULL DO NOTHING RETURNING id`;

/**
 * Begins a recovery unless one is open. When it returns, no attempt is being stamped in any process, and none will be. False when
 * one was open already.
 */
export async function beginRecovery(db: Db, of: Actor & { readonly reason: string }): Promise<boolean> {
  return inTransaction(db, async (trx) => {
    await trx.raw(READ_EVERYTHING);
    // Waits for stamps that are being committed; those that come later see the row.
    await trx.raw('LOCK TABLE attempts IN SHARE ROW EXCLUSIVE MODE');
    const { rows } = await trx.raw<{ rows: { id: bigint }[] }>(BEGIN, [of.actor]);
    const [begun] = rows;
    if (begun === undefined) return false;
    await audit(trx, { ...of, action: 'recovery.start', subject: String(begun.id) });
    return true;
  });
}

/** Writes down a complete run. */
export async function recordRun(db: Db, of: Actor & { readonly id: bigint; readonly found: RecoveryFound }) {
  const found = JSON.stringify(of.found);
  await inTransaction(db, async (trx) => {
    await trx.raw('UPDATE recoveries SET ran_at = now(), found = ? WHERE id = ? AND finished_at IS NULL', [
      found,
      String(of.id),
    ]);
    const { actor, clientAddress } = of;
    await audit(trx, {
      actor,
      clientAddress,
      action: 'recovery.run',
      subject: String(of.id),
      detail: { ...of.found },
    });
  });
}

// What was put off meanwhile need not wait for its next date. A scheduled payout keeps its own.
const WAKE = `
  UPDATE transactions SET due_at = greatest(now(), scheduled_at), rung_at = NULL, tries = 0
  WHERE state = 'accepted' AND tries > 0 AND due_at > now()`;

/** Lets sending go on. Raises Refused `no_recovery` when none is open, and `not_reconciled` before a complete run. */
export async function finishRecovery(db: Db, of: Actor & { readonly reason: string }): Promise<void> {
  await inTransaction(db, async (trx) => {
    await trx.raw(READ_EVERYTHING);
    const { rows } = await trx.raw<{ rows: { id: bigint; ran_at: Date | null }[] }>(
      'SELECT id, ran_at FROM recoveries WHERE finished_at IS NULL',
    );
    const [open] = rows;
    if (open === undefined) throw noRecovery();
    if (open.ran_at === null)
      throw new Refused(
        'not_reconciled',
        'No complete run yet: `recovery run` must have gone through the provider first.',
      );
    // Of two who finish at once the second finds no open row and writes nothing.
    const { rows: finished } = await trx.raw<{ rows: unknown[] }>(
      'UPDATE recoveries SET finished_at = now(), finished_by = ? WHERE id = ? AND finished_at IS NULL RETURNING id',
      [of.actor, String(open.id)],
    );
    if (finished.length === 0) throw noRecovery();
    await trx.raw(WAKE);
    await audit(trx, { ...of, action: 'recovery.finish', subject: String(open.id) });
  });
}

export function noRecovery(): Refused {
  return new Refused('no_recovery', 'No recovery is open: sending is enabled. `recovery start` begins one.');
}
