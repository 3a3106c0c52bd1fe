// Makes and recognises our ids: a two-letter prefix and a ULID, alphanumeric, sortable by time, made before anything is sent.
import { randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';

export const ID_PREFIXES = {
  payout: 'po',
  collection: 'co',
  wallet: 'wa',
  beneficiary: 'be',
  journalEntry: 'je',
  webhookEvent: 'we',
  merchant: 'me',
  case: 'ca',
  apiKey: 'ak',
  feeSchedule: 'fs',
  earning: 'ea',
  administrator: 'ad',
  event: 'ev',
  webhookEndpoint: 'ep',
  delivery: 'de',
  replay: 'rp',
  bulk: 'bu',
  proposal: 'pr',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

// Sixteen random characters an id: drawn one by one from the system they would cost more than all the rest of making it.
const pool = Buffer.alloc(4096);
let drawn = pool.length;
function random(): number {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  const value = pool.readUInt32LE(drawn);
  drawn += 4;
  return value / 2 ** 32;
}

const next = monotonicFactory(random);

/** A fresh id such as `po01JD2E8Y6Q5V3Z…` (28 characters of `[0-9A-Za-z]`); it serves unchanged as the provider's `transactionRef`. */
export function newId(kind: IdKind): string {
  return ID_PREFIXES[kind] + next();
}

/** Whether `text` could be an id of that kind (its form only; it says nothing about existence). */
export function isId(kind: IdKind, text: string): boolean {
  return text.length === 28 && text.startsWith(ID_PREFIXES[kind]) && /^[0-9A-HJKMNP-TV-Z]{26}$/.test(text.slice(2));
}
