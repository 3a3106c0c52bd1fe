// Rows on their way to become payouts: priced and pinned as every payout is, then sealed until a worker accepts them.
import type { Context } from '../../context.ts';
import { type FieldError, InvalidRequest, Refused } from '../../errors.ts';
import { accountOf, sealPerson } from '../../merchants/person.ts';
import type { Acceptance, Caller } from '../../transactions/accept.ts';
import { digestText, type Vault } from '../../vault.ts';
import { type PreparedPayout, preparePayout } from '../create.ts';
import { breather } from './breather.ts';
import type { JudgedRow } from './bulk.ts';

export type Draft = { readonly number: number; readonly reference: string | null } & (
  | { readonly payout: PreparedPayout; readonly maxFeeMinor: bigint | null }
  | { readonly errors: readonly FieldError[] }
);

/** Prepares rows in slices, in their order. A row that says what an earlier one said is refused, unless that is meant. */
export async function draftRows(
  ctx: Context,
  caller: Caller,
  of: { readonly rows: readonly JudgedRow[]; readonly allowDuplicates: boolean },
): Promise<readonly Draft[]> {
  const drafts: Draft[] = [];
  const seen = new Map<string, number>();
  const breathe = breather();
  for (const row of of.rows) {
    await breathe();
    const draft = await draftRow(ctx, caller, row);
    const first = of.allowDuplicates || 'errors' in draft ? undefined : firstLike(seen, draft.payout, row.number);
    drafts.push(first === undefined ? draft : twin(row, first));
  }
  return drafts;
}

async function draftRow(ctx: Context, caller: Caller, row: JudgedRow): Promise<Draft> {
  if ('errors' in row) return row;
  const { number, reference } = row;
  try {
    const payout = await preparePayout(ctx, caller, row.payout);
    return { number, reference, payout, maxFeeMinor: row.payout.maxFeeMinor };
  } catch (error) {
    return { number, reference, errors: errorsOf(error) };
  }
}

/** A refusal of the row's own; anything else is raised again. */
export function errorsOf(error: unknown): readonly FieldError[] {
  if (error instanceof InvalidRequest && error.errors.length > 0) return error.errors;
  if (error instanceof Refused) return [{ field: error.field ?? '', code: error.code, message: error.message }];
  throw error;
}

/** The number of the first row that pays the same to the same under the same reference; else this one is remembered as that. */
function firstLike(seen: Map<string, number>, { owner, person, transaction }: PreparedPayout, number: number) {
  const { amountMinor, destinationAmountMinor, currency, destinationCurrency, country, method, reference } =
    transaction;
  const amount = [transaction.amountType, String(amountMinor ?? destinationAmountMinor)];
  const to = [method, country, person.bankCode, accountOf(person)];
  const key = JSON.stringify([owner, ...to, ...amount, currency, destinationCurrency, reference]);
  const first = seen.get(key);
  if (first === undefined) seen.set(key, number);
  return first;
}

function twin({ number, reference }: JudgedRow, first: number): Draft {
  const message = `It repeats row ${first}: same account, amount and reference. Give it a reference of its own, or send the file with allowDuplicates.`;
  return { number, reference, errors: [{ field: 'reference', code: 'duplicate_in_file', message }] };
}

/** All that acceptance needs, sealed: a row names a person. The person's own seal is made anew when it is opened. */
export function sealDraft(vault: Vault, { sealed: _, ...payout }: PreparedPayout): Buffer {
  return vault.seal(JSON.stringify(encode(payout)));
}

/** Ready to be accepted, under a key of its own: the id that was made with the row. */
export function openDraft(vault: Vault, draft: Buffer): Acceptance {
  const payout = decode(JSON.parse(vault.open(draft))) as Omit<PreparedPayout, 'sealed'>;
  const request = { route: 'bulk', key: payout.id, requestHash: digestText(payout.id) };
  return { ...payout, sealed: sealPerson(vault, payout.person), request };
}

/** JSON knows neither amounts nor times; as objects of one name they cannot be mistaken for any text. */
function encode(value: unknown): unknown {
  if (typeof value === 'bigint') return { minor: value.toString() };
  if (value instanceof Date) return { at: value.toISOString() };
  if (typeof value !== 'object' || value === null) return value;
  return { of: Object.fromEntries(Object.entries(value).map(([name, each]) => [name, encode(each)])) };
}

function decode(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { minor, at, of } = value as { minor?: string; at?: string; of?: Record<string, unknown> };
  if (minor !== undefined) return BigInt(minor);
  if (at !== undefined) return new Date(at);
  return Object.fromEntries(Object.entries(of ?? {}).map(([name, each]) => [name, decode(each)]));
}
