// A recovery's run: what the provider did is held against every row that might not know it. Nothing is sent, and nothing guessed.
import type { Actor } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { runAlone } from '../db/knex.ts';
import { ProviderUnavailable } from '../errors.ts';
import { isId } from '../ids.ts';
import type { ProviderTransaction } from '../provider/provider.ts';
import { adopt } from '../transactions/adopt.ts';
import { advance, type Ring } from '../transactions/advance.ts';
import type { Flow } from '../transactions/flow.ts';
import type { State } from '../transactions/states.ts';
import { nameStranger } from '../transactions/stranger.ts';
import type { TransactionType } from '../transactions/transaction.ts';
import { DAY_MS, databaseNow, dayOf } from './days.ts';
import { noRecovery, openRecovery, type RecoveryFound, recordRun } from './recovery.ts';

const PAGE = 50;
const MAX_PAGES = 20_000;
/** A day for clocks and time zones, and a day for what was on its way when the newest row was written. */
const MARGIN_MS = 2 * DAY_MS;

type Flows = Record<TransactionType, Flow>;

interface Row {
  readonly id: string;
  readonly type: TransactionType;
  readonly state: State;
  readonly attemptNo: number;
  readonly providerTransactionId: string | null;
}

const ROW = {
  name: 'recovery_row',
  text: `
    SELECT id, type, state, attempt_no AS "attemptNo", provider_transaction_id AS "providerTransactionId"
    FROM transactions WHERE id = $1`,
};

// In order of id, so that a page follows the one before it whatever moves meanwhile.
const UNSENT = {
  name: 'recovery_unsent',
  text: `
    SELECT id, type, state, attempt_no AS "attemptNo", provider_transaction_id AS "providerTransactionId"
    FROM transactions WHERE state IN ('accepted', 'awaiting_approval') AND due_at IS NOT NULL AND created_at <= $1 AND id > $2 ORDER BY id LIMIT 500`,
};

type Tally = { -readonly [Name in keyof RecoveryFound]: RecoveryFound[Name] };

/**
 * Goes through the provider's transactions since the newest row (or since the day `from`), and asks about every row that says it
 * was never sent. May be repeated; the last complete run counts. Raises Refused `no_recovery`, and ProviderUnavailable when the
 * list cannot be read to its end.
 */
export async function runRecovery(
  ctx: Context,
  flows: Flows,
  of: Actor & { readonly from?: string },
): Promise<RecoveryFound & { readonly complete: boolean }> {
  const recovery = await openRecovery(ctx.db);
  if (recovery === null) throw noRecovery();
  const ring: Ring = { cause: 'operator', actor: of.actor, insists: true };
  const from = of.from ?? dayOf(recovery.newestAt.getTime() - MARGIN_MS);
  const to = dayOf((await databaseNow(ctx.db)) + DAY_MS);
  const tally: Tally = { from, to, listed: 0, unread: 0, adopted: 0, advanced: 0, strangers: 0, unsure: 0 };

  const operations = await listOperations(ctx, from, to, tally);
  for (const [reference, found] of operations) await compare(ctx, flows, ring, { reference, found, tally });
  await askAboutUnsent(ctx, flows, ring, { begunAt: recovery.begunAt, listed: operations, tally });

  const complete = tally.unsure === 0;
  if (complete)
    await recordRun(ctx.db, { actor: of.actor, clientAddress: of.clientAddress, id: recovery.id, found: tally });
  return { ...tally, complete };
}

/** Every operation of the window under a reference of our form. New ones shift the pages, so one may be shown twice. */
async function listOperations(ctx: Context, from: string, to: string, tally: Tally) {
  const operations = new Map<string, Map<string, ProviderTransaction>>();
  for (let page = 1; ; page += 1) {
    if (page > MAX_PAGES)
      throw new ProviderUnavailable('list_too_long', "The provider's list has no end: give a later --from.");
    const listed = await ctx.provider.transactions({ from, to, page, limit: PAGE });
    tally.unread += listed.shown - listed.transactions.length;
    for (const found of listed.transactions) {
      const { reference } = found;
      if (reference === null || !(isId('payout', reference) || isId('collection', reference))) continue;
      const same = operations.get(reference) ?? new Map<string, ProviderTransaction>();
      operations.set(reference, same.set(found.providerTransactionId, found));
    }
    if (listed.shown < PAGE) break;
  }
  tally.listed = [...operations.values()].reduce((sum, same) => sum + same.size, 0);
  return operations;
}

const ORDER = ['successful', 'pending', 'failed'];

async function readRow(ctx: Context, id: string): Promise<Row | null> {
  return (await runAlone<Row>(ctx.db, ROW, [id]))[0] ?? null;
}

async function compare(
  ctx: Context,
  flows: Flows,
  ring: Ring,
  of: { reference: string; found: ReadonlyMap<string, ProviderTransaction>; tally: Tally },
): Promise<void> {
  const { reference, tally } = of;
  const found = [...of.found.values()].sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
  const [best] = found;
  const row = await readRow(ctx, reference);
  if (best === undefined) return;
  if (row !== null) await bringUp(ctx, flows, ring, { row, best, tally });
  const known = row === null ? null : await readRow(ctx, reference);
  // A cancelled row, and one that was refused before it was sent, explains nothing that the provider did.
  const explains = known !== null && known.state !== 'cancelled' && known.attemptNo > 0;
  for (const one of found) {
    if (explains && one.providerTransactionId === (known.providerTransactionId ?? best.providerTransactionId)) continue;
    const evidence = { foundBy: 'recovery', row: known?.state ?? 'lost' };
    if (await nameStranger(ctx, { found: one, kind: 'unknown_operation', actor: ring.actor, evidence }))
      tally.strangers += 1;
  }
}

/** Adopts a row that says it was never sent; one that is behind, or contradicted, is looked up as by any other bell. */
async function bringUp(
  ctx: Context,
  flows: Flows,
  ring: Ring,
  of: { row: Row; best: ProviderTransaction; tally: Tally },
): Promise<void> {
  const { row, best, tally } = of;
  const flow = flows[row.type];
  const isNew =
    (row.state === 'accepted' || row.state === 'awaiting_approval') &&
    (await adopt(ctx, flow, row.id, { found: best, cause: ring.cause, actor: ring.actor }));
  if (isNew) tally.adopted += 1;
  const isContradicted =
    (row.state === 'settled' && (best.isRefunded || best.status === 'failed')) ||
    (row.state === 'failed' && best.status === 'successful' && !best.isRefunded);
  const isOpen = row.state === 'submitting' || row.state === 'submitted' || row.state === 'in_review';
  if (!isNew && !isOpen && !isContradicted) return;
  const ending = await advance(ctx, flow, row.id, ring);
  if (ending === 'moved' && !isNew) tally.advanced += 1;
}

/** A list may lag, or leave out what it shows by itself: a row that would be sent again is asked about by its own reference. */
async function askAboutUnsent(
  ctx: Context,
  flows: Flows,
  ring: Ring,
  of: { begunAt: Date; listed: ReadonlyMap<string, unknown>; tally: Tally },
): Promise<void> {
  const { begunAt, listed, tally } = of;
  for (let after = ''; ; ) {
    const rows = await runAlone<Row>(ctx.db, UNSENT, [begunAt, after]);
    for (const row of rows) {
      after = row.id;
      if (listed.has(row.id)) continue;
      const { id: reference, providerTransactionId } = row;
      const answer = await ctx.provider.lookUp({ reference, providerTransactionId });
      if (answer.kind === 'unavailable') tally.unsure += 1;
      else if (answer.kind === 'found') await bringUp(ctx, flows, ring, { row, best: answer.transaction, tally });
    }
    if (rows.length === 0) return;
  }
}
