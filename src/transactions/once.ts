// Creates once whatever is not a transaction: the row and the answer under its idempotency key, in one commit.
import type { Context } from '../context.ts';
import { inTransaction, isConnectionLoss, run, type Trx } from '../db/knex.ts';
import { Conflict, Unavailable } from '../errors.ts';
import type { Answer, Caller, IdempotentRequest } from './acceptance.ts';
import { IN_PROGRESS, replay, STORED, type Stored, sealAnswer } from './stored-answer.ts';

/** What was created: its id, and what the caller is answered. */
export interface Created {
  readonly id: string;
  readonly status: number;
  readonly body: string;
}

// Tried, never waited for: twins neither wait nor drain the pool.
const LOCK = {
  name: 'lock_idempotency_key',
  text: `SELECT pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2 || ' ' || $3, 0)) AS mine`,
};

const STORE = {
  name: 'store_answer',
  text: `
    INSERT INTO idempotency_keys (merchant_id, route, key, subject_id, status, answer)
      VALUES ($1, $2, $3, $4, $5, $6)`,
};

/**
 * Runs `create` unless the request was answered before, then gives that answer, byte for byte. Raises what `create` raises (nothing
 * is written then, and the key stays free), Conflict `request_in_progress` or 422 `idempotency_key_reused`, and Unavailable when the
 * database cannot be reached: it was done whole or not at all, and the same key finds out.
 */
export async function once(
  ctx: Context,
  caller: Caller,
  request: IdempotentRequest,
  create: (trx: Trx) => Promise<Created>,
): Promise<Answer> {
  const name = [caller.merchantId, request.route, request.key];
  try {
    return await inTransaction(ctx.db, async (trx) => {
      const [lock] = await run<{ mine: boolean }>(trx, LOCK, name);
      if (lock?.mine !== true) throw new Conflict('request_in_progress', IN_PROGRESS);
      const [stored] = await run<Stored>(trx, STORED, name);
      if (stored !== undefined) return replay(ctx, request, stored);
      const { id, status, body } = await create(trx);
      await run(trx, STORE, [...name, id, status, sealAnswer(ctx.vault, request, body)]);
      return { status, body, replayed: false };
    });
  } catch (error) {
    if (isConnectionLoss(error)) throw new Unavailable();
    throw error;
  }
}
