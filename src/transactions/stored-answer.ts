// What a request was answered the first time: the answer stored under its key, completed by what only its commit knew.
import type { Context } from '../context.ts';
import { runAlone } from '../db/knex.ts';
import { Conflict } from '../errors.ts';
import type { Vault } from '../vault.ts';
import type { Answer, IdempotentRequest, Standing } from './acceptance.ts';
import { viewPlaced } from './view.ts';

export const IN_PROGRESS = 'A request with this Idempotency-Key is still running. Repeat it in a moment.';

export type Stored = Pick<Standing, 'wallet_id' | 'at' | 'status' | 'answer'>;

/** A transaction's answer from its start: the wallet and the time come last in it, since only the commit knows them. */
export function whole(start: string, { wallet_id: walletId, at }: Pick<Stored, 'wallet_id' | 'at'>): string {
  return `${start},${JSON.stringify(viewPlaced({ walletId: walletId ?? '', createdAt: at, updatedAt: at })).slice(1)}`;
}

const HASH_LENGTH = 44;

/** An answer as it is stored: with the hash of the request it answers, in one sealed piece, since both tell of a person. */
export function sealAnswer(
  vault: Vault,
  { requestHash }: Pick<IdempotentRequest, 'requestHash'>,
  answer: string,
): Buffer {
  return vault.seal(requestHash + answer);
}

export function openAnswer(vault: Vault, sealed: Buffer): { requestHash: string; answer: string } {
  const text = vault.open(sealed);
  return { requestHash: text.slice(0, HASH_LENGTH), answer: text.slice(HASH_LENGTH) };
}

/** The stored answer again. Raises Conflict 422 `idempotency_key_reused` when it was the answer to something else. */
export function replay(ctx: Context, request: IdempotentRequest, stored: Stored): Answer {
  const opened = stored.answer === null ? null : openAnswer(ctx.vault, stored.answer);
  if (opened === null || opened.requestHash !== request.requestHash) {
    throw new Conflict(
      'idempotency_key_reused',
      'This Idempotency-Key was used for another body. Use a new key for a new request.',
      422,
    );
  }
  const body = stored.wallet_id === null ? opened.answer : whole(opened.answer, stored);
  return { status: stored.status ?? 202, body, replayed: true };
}

/** A transaction's answer needs its wallet; what else was created (`once.ts`) is stored with its answer whole. */
export const STORED = {
  name: 'stored_answer',
  text: `
    SELECT t.wallet_id, k.created_at AS at, k.status, k.answer
    FROM idempotency_keys k LEFT JOIN transactions t ON t.id = k.subject_id
    WHERE k.merchant_id = $1 AND k.route = $2 AND k.key = $3`,
};

/**
 * What a request was answered when it was accepted; null when it was not. For a repetition that would be refused as it is judged
 * now (its date has passed, a fee has changed): what was accepted once stays accepted. Raises Conflict 422 `idempotency_key_reused`.
 */
export async function storedAnswer(
  ctx: Context,
  merchantId: string,
  request: IdempotentRequest,
): Promise<Answer | null> {
  const [stored] = await runAlone<Stored>(ctx.db, STORED, [merchantId, request.route, request.key]);
  return stored === undefined ? null : replay(ctx, request, stored);
}
