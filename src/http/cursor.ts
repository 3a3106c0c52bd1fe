// Cursors as callers see them: opaque, and good only for the list and the merchant they were made for.
import { timingSafeEqual } from 'node:crypto';
import type { Context } from '../context.ts';
import { InvalidRequest } from '../errors.ts';

const SEAL_BYTES = 12;

/** Where a cursor belongs: a list of one merchant. */
interface Place {
  readonly list: string;
  readonly merchantId: string;
}

const meaningOf = (place: Place, position: Buffer) =>
  `${place.list}:${place.merchantId}:${position.toString('base64')}`;
const cut = (print: Buffer) => print.subarray(0, SEAL_BYTES);

/** Turns a list's own position into an opaque cursor; null stays null. */
export function sealCursor(ctx: Context, place: Place, position: string | null): string | null {
  if (position === null) return null;
  const bytes = Buffer.from(position);
  const seal = cut(ctx.vault.fingerprint('cursor', meaningOf(place, bytes)));
  return Buffer.concat([seal, bytes]).toString('base64url');
}

/** The position again; undefined without a cursor. Raises InvalidRequest for a cursor that was not made here, or for another list. */
export function openCursor(ctx: Context, place: Place, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const bytes = Buffer.from(cursor, 'base64url');
  const position = bytes.subarray(SEAL_BYTES);
  const seal = bytes.subarray(0, SEAL_BYTES);
  // Base64 decodes more than one text to the same bytes; only the one we gave out is ours.
  const genuine =
    seal.length === SEAL_BYTES &&
    bytes.toString('base64url') === cursor &&
    ctx.vault.fingerprints('cursor', meaningOf(place, position)).some((print) => timingSafeEqual(seal, cut(print)));
  if (!genuine) {
    const message = 'The cursor is not one of ours, or belongs to another list. Take nextCursor of the page before.';
    throw InvalidRequest.field('cursor', 'invalid_cursor', message);
  }
  return position.toString();
}
