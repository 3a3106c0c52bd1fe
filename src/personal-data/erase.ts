// Erasing a person: everything we hold about the owner of an account, as far as no money is on its way; the journal stays as it is.
import { type Actor, audit } from '../audit/audit.ts';
import { type Db, inTransaction, type Trx } from '../db/knex.ts';
import { accountFingerprints, accountOf, openPerson, type Person } from '../merchants/person.ts';
import { openDraft } from '../payouts/bulk/draft.ts';
import { withoutNumbers } from '../transactions/discreet.ts';
import { STATE_NAMES, STATES, type State } from '../transactions/states.ts';
import { openAnswer, sealAnswer } from '../transactions/stored-answer.ts';
import type { Vault } from '../vault.ts';
import { namingOf, withoutNaming } from './naming.ts';

const ROWS_AT_ONCE = 100;
const FINAL = STATE_NAMES.filter((state) => STATES[state].final);

export interface Postponed {
  readonly id: string;
  readonly status: State;
  /** When somebody looks at it next; null when it has just ended. */
  readonly dueAt: Date | null;
}

export interface Erasure {
  /** How many transactions and beneficiaries hold nothing of the person any more. */
  readonly erased: number;
  /** Transactions whose money still moves: erased by housekeeping as soon as they have ended. */
  readonly postponed: readonly Postponed[];
}

const ASK = `
  UPDATE personal_data SET erasure_asked_at = coalesce(erasure_asked_at, now())
  WHERE account_hash = ANY(?) AND merchant_id = ? AND sealed IS NOT NULL RETURNING subject_id`;

// Rows of bulks name nobody in clear: those that wait are opened one by one. They are few, and for seconds.
const WAITING = `
  SELECT r.payout_id AS id, r.sealed FROM bulks b JOIN bulk_rows r ON r.bulk_id = b.id AND r.state = 'waiting' WHERE b.merchant_id = ?`;

const ASK_ROWS = `
  UPDATE bulk_rows SET erasure_asked_at = coalesce(erasure_asked_at, now()) WHERE payout_id = ANY(?)`;

const PASS_ON = `
  WITH accepted AS (
    UPDATE bulk_rows SET erasure_asked_at = NULL WHERE erasure_asked_at IS NOT NULL AND state <> 'waiting' RETURNING payout_id
  )
  UPDATE personal_data p SET erasure_asked_at = now() FROM accepted a
  WHERE p.subject_id = a.payout_id AND p.erasure_asked_at IS NULL AND p.sealed IS NOT NULL`;

const POSTPONED = `
  SELECT t.id, t.state AS status, t.due_at AS "dueAt" FROM personal_data p JOIN transactions t ON t.id = p.subject_id
  WHERE p.account_hash = ANY(?) AND p.merchant_id = ? AND p.sealed IS NOT NULL ORDER BY t.id`;

/**
 * Erases whoever is behind the account (phone, bank account number, e-mail address or tag, however its letters are written) from the
 * merchant's transactions, beneficiaries and stored answers, and from what the provider told about them. Doing it again erases
 * what has come since. The trace tells who asked and why, and never whom.
 */
export async function erasePerson(
  db: Db,
  vault: Vault,
  of: { merchantId: string; account: string; reason: string; actor: Actor },
): Promise<Erasure> {
  const prints = [...accountFingerprints(vault, of.account)];
  const asked = await inTransaction(db, async (trx) => {
    const { rows } = await trx.raw<{ rows: { subject_id: string }[] }>(ASK, [prints, of.merchantId]);
    const waiting = await waitingRowsOf(trx, vault, of);
    await trx.raw(ASK_ROWS, [waiting]);
    const subjects = [...rows.map((row) => row.subject_id), ...waiting];
    await audit(trx, {
      ...of.actor,
      action: 'personal_data.erase',
      subject: of.merchantId,
      reason: withoutNumbers(of.reason.replaceAll(new RegExp(RegExp.escape(of.account), 'giu'), '…')),
      detail: { subjects },
    });
    return { subjects, waiting };
  });
  const erased = await eraseAsked(db, vault, asked.subjects);
  const { rows: postponed } = await db.raw<{ rows: Postponed[] }>(POSTPONED, [prints, of.merchantId]);
  const rows = asked.waiting.map((id): Postponed => ({ id, status: 'accepted', dueAt: null }));
  return { erased, postponed: [...postponed, ...rows.filter(({ id }) => postponed.every((one) => one.id !== id))] };
}

async function waitingRowsOf(trx: Trx, vault: Vault, of: { merchantId: string; account: string }): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { id: string; sealed: Buffer }[] }>(WAITING, [of.merchantId]);
  const wanted = of.account.toLowerCase();
  return rows.flatMap(({ id, sealed }) =>
    accountOf(openDraft(vault, sealed).person)?.toLowerCase() === wanted ? [id] : [],
  );
}

const READY = `
  SELECT p.subject_id AS "id", p.merchant_id AS "merchantId", p.sealed, t.metadata, t.reference,
    t.provider_transaction_id AS "providerTransactionId"
  FROM personal_data p LEFT JOIN transactions t ON t.id = p.subject_id
  WHERE p.erasure_asked_at IS NOT NULL AND p.erased_at IS NULL AND (t.id IS NULL OR t.state = ANY(?))`;

interface Ready {
  readonly id: string;
  readonly merchantId: string;
  readonly sealed: Buffer;
  readonly metadata: Record<string, string> | null;
  readonly reference: string | null;
  readonly providerTransactionId: string | null;
}

/** Erases what was asked for and can be by now; of `only` these, if given. Gives how many. */
export async function eraseAsked(db: Db, vault: Vault, only?: readonly string[]): Promise<number> {
  await db.raw(PASS_ON);
  const some = only === undefined ? '' : 'AND p.subject_id = ANY(?)';
  let erased = 0;
  for (;;) {
    const count = await inTransaction(db, async (trx) => {
      const { rows } = await trx.raw<{ rows: Ready[] }>(
        `${READY} ${some} ORDER BY p.subject_id LIMIT ${ROWS_AT_ONCE} FOR UPDATE OF p SKIP LOCKED`,
        [FINAL, ...(only === undefined ? [] : [[...only]])],
      );
      for (const row of rows) await eraseOne(trx, vault, row);
      return rows.length;
    });
    erased += count;
    if (count < ROWS_AT_ONCE) return erased;
  }
}

// By either name the provider may have given it.
const LATE_EVENTS = [
  `UPDATE webhook_events e SET body = NULL FROM personal_data p
   WHERE p.erased_at IS NOT NULL AND e.reference = p.subject_id AND e.body IS NOT NULL`,
  `UPDATE webhook_events e SET body = NULL FROM personal_data p JOIN transactions t ON t.id = p.subject_id
   WHERE p.erased_at IS NOT NULL AND e.reference IS NULL AND e.provider_transaction_id = t.provider_transaction_id AND e.body IS NOT NULL`,
];

/** Erases what the provider has told of erased persons since: a return comes long after the payment, and names its person again. */
export async function eraseLateEvents(db: Db): Promise<void> {
  for (const statement of LATE_EVENTS) await db.raw(statement);
}

async function eraseOne(trx: Trx, vault: Vault, row: Ready): Promise<void> {
  const person = openPerson(vault, row.sealed) as Person;
  const names = namingOf(person);
  await trx.raw(
    `UPDATE personal_data SET sealed = NULL, otp_sealed = NULL, account_hash = NULL, last_four_hash = NULL, erased_at = now()
     WHERE subject_id = ?`,
    [row.id],
  );
  if (row.metadata !== null) {
    const metadata = Object.fromEntries(Object.entries(row.metadata).filter((pair) => !pair.some(names)));
    const reference = row.reference !== null && names(row.reference) ? null : row.reference;
    await trx.raw(
      'UPDATE transactions SET metadata = ?, reference = ?, redirect_url = NULL, approval_url = NULL WHERE id = ?',
      [JSON.stringify(metadata), reference, row.id],
    );
  }
  const { rows: inFiles } = await trx.raw<{ rows: { reference: string }[] }>(
    'SELECT reference FROM bulk_rows WHERE payout_id = ? AND reference IS NOT NULL',
    [row.id],
  );
  if (inFiles.some(({ reference }) => names(reference)))
    await trx.raw('UPDATE bulk_rows SET reference = NULL WHERE payout_id = ?', [row.id]);
  await trx.raw(
    `UPDATE beneficiaries SET deleted_at = coalesce(deleted_at, now()), account_sealed = NULL, account_hash = NULL, reference = NULL
     WHERE id = ?`,
    [row.id],
  );
  await eraseFromAnswers(trx, vault, row, names);
  await trx.raw(
    `UPDATE webhook_events SET body = NULL
     WHERE reference = ? OR (reference IS NULL AND provider_transaction_id = ?)`,
    [row.id, row.providerTransactionId],
  );
}

// The key stays, so that a late repetition is still not paid again. It was stored in the commit of what it made, at the same time,
// by which it is found without an index of its own.
const ANSWERS = `
  SELECT route, key, answer FROM idempotency_keys
  WHERE subject_id = :id AND merchant_id = :merchantId AND created_at = (
    SELECT created_at FROM transactions WHERE id = :id UNION ALL SELECT created_at FROM beneficiaries WHERE id = :id)
  FOR UPDATE`;

async function eraseFromAnswers(trx: Trx, vault: Vault, row: Ready, names: (text: string) => boolean): Promise<void> {
  const { id, merchantId } = row;
  const { rows } = await trx.raw<{ rows: { route: string; key: string; answer: Buffer }[] }>(ANSWERS, {
    id,
    merchantId,
  });
  for (const { route, key, answer } of rows) {
    const { requestHash, answer: text } = openAnswer(vault, answer);
    await trx.raw('UPDATE idempotency_keys SET answer = ? WHERE merchant_id = ? AND route = ? AND key = ?', [
      sealAnswer(vault, { requestHash }, redact(text, names)),
      merchantId,
      route,
      key,
    ]);
  }
}

/** Of a transaction only the start of its answer is stored, without the last brace. */
function redact(text: string, names: (text: string) => boolean): string {
  const clean = (json: string) => JSON.stringify(withoutNaming(JSON.parse(json), names));
  try {
    return clean(text);
  } catch {
    return clean(`${text}}`).slice(0, -1);
  }
}
