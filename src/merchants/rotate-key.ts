// Rotating an API key: a successor with the same powers, while the old secret works on until the overlap ends; and which keys are one.
import { type Db, runAlone, type Trx } from '../db/knex.ts';
import { Conflict, InvalidRequest, NotFound } from '../errors.ts';
import { ApiKey, createApiKey } from './api-key.ts';

/** Long enough for any roll-out; an old secret that works for longer has not been rotated. */
export const LONGEST_OVERLAP_MS = 30 * 86_400_000;

/**
 * Makes the key's successor and lets the old one end after `overlapMs` (0: at once), or at its own expiry if that is earlier.
 * Raises NotFound, InvalidRequest for an overlap beyond LONGEST_OVERLAP_MS, and Conflict when the key is revoked, has expired, or
 * was rotated already: then its successor has to be revoked before it can be rotated again.
 */
export async function rotateApiKey(
  trx: Trx,
  of: { id: string; overlapMs: number },
): Promise<{ apiKey: ApiKey; secret: string; old: ApiKey }> {
  if (of.overlapMs < 0 || of.overlapMs > LONGEST_OVERLAP_MS)
    throw InvalidRequest.field('overlap', 'overlap_too_long', 'Give an overlap of at most 30 days.');
  const old = await ApiKey.whole(trx).findById(of.id).forUpdate();
  if (old === undefined) throw new NotFound('There is no such API key.');
  if (old.revokedAt !== null) throw new Conflict('conflict', 'The API key is revoked: make a new one.');
  if (old.expiresAt !== null && old.expiresAt.getTime() <= Date.now())
    throw new Conflict('conflict', 'The API key has expired: make a new one.');
  // The lock on the old row makes this sure; the unique index says the same to whoever comes another way.
  if ((await ApiKey.query(trx).findOne({ rotated_from: of.id }).whereNull('revoked_at')) !== undefined)
    throw new Conflict('conflict', 'The API key was rotated already. Revoke its successor to rotate it again.');
  const { merchantId, name, environment, scopes, expiresAt, allowedAddresses } = old;
  const made = await createApiKey(trx, {
    merchantId,
    name,
    environment,
    scopes,
    expiresAt,
    allowedAddresses,
    rotates: old,
  });
  await trx.raw(
    `UPDATE api_keys SET expires_at = least(expires_at, now() + ?::bigint * interval '1 millisecond'), updated_at = now() WHERE id = ?`,
    [of.overlapMs, old.id],
  );
  return { ...made, old: await ApiKey.whole(trx).findById(old.id).throwIfNotFound() };
}

// A key's hands are its own, those of its rotations, and whoever was shown one of them in the console.
const MEET = {
  name: 'hands_meet',
  text: `
    WITH keys AS (
      SELECT actor, k.id, k.lineage_id FROM unnest(ARRAY[$1, $2]) AS actor JOIN api_keys a ON a.id = substr(actor, 5)
        JOIN api_keys k ON k.lineage_id = a.lineage_id
    ), hands AS (
      SELECT actor, actor AS hand FROM unnest(ARRAY[$1, $2]) AS actor
      UNION ALL SELECT actor, lineage_id FROM keys
      UNION ALL SELECT keys.actor, l.actor FROM keys JOIN audit_log l ON l.subject = keys.id
        WHERE l.action = 'keys.rotate' AND l.actor LIKE 'admin:%')
    SELECT 1 FROM hands one JOIN hands other ON other.hand = one.hand WHERE one.actor = $1 AND other.actor = $2 LIMIT 1`,
};

/** Whether two who acted, such as `key:ak…` or `admin:ad…`, may be one to whoever counts hands. */
export async function areOneHand(db: Db, actor: string, other: string): Promise<boolean> {
  return (await runAlone(db, MEET, [actor, other])).length > 0;
}
