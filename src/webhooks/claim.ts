// What a provider callback claims to be about: read from whatever shape it has, believed in nothing.
import { isId } from '../ids.ts';

export interface Claim {
  /** Our id, if the body names something that could be one. */
  readonly reference: string | null;
  readonly providerTransactionId: string | null;
  readonly status: string | null;
}

const REFERENCE_FIELDS = ['transactionRef', 'reference', 'transactionReference'] as const;

/** Reads a body, flat or nested under `data`. Null when it is no JSON object or names no transaction: nothing can follow from it. */
export function readClaim(rawBody: Buffer): Claim | null {
  const parsed = parse(rawBody);
  if (parsed === null) return null;
  const inner = asObject(parsed['data']);
  const read = (field: string): string | null => text(parsed[field]) ?? (inner === null ? null : text(inner[field]));
  const reference = REFERENCE_FIELDS.map(read).find((value) => value !== null) ?? null;
  const providerTransactionId = read('transactionId');
  if (reference === null && providerTransactionId === null) return null;
  return {
    reference: reference !== null && (isId('payout', reference) || isId('collection', reference)) ? reference : null,
    providerTransactionId,
    status: read('status')?.toLowerCase().slice(0, 40) ?? null,
  };
}

function parse(rawBody: Buffer): Record<string, unknown> | null {
  try {
    return asObject(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(rawBody)));
  } catch {
    return null;
  }
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** Only plain, printable text is stored in columns and sent on in addresses. */
function text(value: unknown): string | null {
  return typeof value === 'string' && /^[\x21-\x7e]{1,100}$/.test(value) ? value : null;
}
