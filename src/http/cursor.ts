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

function sealOf(ctx: Context, place: Place, position: Buffer): Buffer {
  const text = `cursor:${place.list}:${place.merchantId}:${position.toString('base64')}`;
  return ctx.vault.fingerprint('answer', text).subarray(0, SEAL_BYTES);
}

/** Turns a list's own position into an opaque cursor; null stays null. */
export function sealCursor(ctx: Context, place: Place, position: string | null): string | null {
  if (position === null) return null;
  const bytes = Buffer.from(position);
  return Buffer.concat([sealOf(ctx, place, bytes), bytes]).toString('base64url');
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
    timingSafeEqual(seal, sealOf(ctx, place, position));
  if (!genuine) {
    const message = 'The cursor is not one of ours, or belongs to another list. Take nextCursor of the page before.';
    throw InvalidRequest.field('cursor', 'invalid_cursor', message);
  }
  return position.toString();
}
