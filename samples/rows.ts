// The rows of a batch file: what each column means, reading them, and what a row is as a request to the API.
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { NewCollection, NewPayout } from '../src/client/client.ts';

/** One line of the file; every cell is text, and an empty one means: left out. */
export const COLUMNS = [
  'row', // its number, of which the idempotency key is made
  'type', // collection or payout
  'method', // momo, bank or eversend; collections are by momo
  'amount',
  'currency',
  'amountType', // source unless said
  'maxAmount',
  'maxFee',
  'country',
  'destinationCurrency',
  'firstName',
  'lastName',
  'phone',
  'bankCode',
  'bankName',
  'accountName',
  'accountNumber',
  'email',
  'tag',
  'pin', // what the payer reads from the message; a collection with a pin asks for the message first
  'redirectUrl',
  'owner',
  'reference',
  'about', // for people
  'ends', // how the simulator was asked to let it end: settled, failed, reversed
  'expect', // ok, or the refusal as field:code
] as const;

export type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

/** Raises when a column is missing or a line has too many or too few cells. */
export function readRows(path: string): Row[] {
  const rows = parse(readFileSync(path), { columns: true, bom: true, skip_empty_lines: true }) as Row[];
  const missing = COLUMNS.filter((column) => rows[0]?.[column] === undefined);
  if (missing.length > 0) throw new Error(`${path} has no column ${missing.join(', ')}`);
  return rows;
}

/** RFC 4180, with a line break after every line. */
export function writeRows(rows: readonly Row[]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map((row) => COLUMNS.map((column) => cell(row[column])).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

/** As the file has it: many rows are wrong on purpose, which the types do not know. */
export type ApiRequest =
  | { readonly type: 'collection'; readonly body: NewCollection }
  | { readonly type: 'payout'; readonly body: NewPayout };

const given = (fields: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));

/** The request that a row asks for. `otp` is what the payer proved with, for a collection. */
export function requestOf(row: Row, otp: { pinId: string; pin: string } | null): ApiRequest {
  const { amount, currency, country, phone, redirectUrl, owner, reference } = row;
  if (row.type === 'collection') {
    const body = given({ amount, currency, country, phone, redirectUrl, owner, reference });
    return { type: 'collection', body: (otp === null ? body : { ...body, otp }) as unknown as NewCollection };
  }
  const { method, amountType, maxAmount, maxFee, destinationCurrency } = row;
  const { firstName, lastName, bankCode, bankName, accountName, accountNumber, email, tag } = row;
  const recipient = { firstName, lastName, phone, bankCode, bankName, accountName, accountNumber, email, tag };
  const payout = { amount, currency, amountType, maxAmount, maxFee, method, country, destinationCurrency };
  const body = { ...given({ ...payout, owner, reference }), recipient: given(recipient) };
  return { type: 'payout', body: body as unknown as NewPayout };
}

/**
 * The row's phone for one run: the two digits before the last four are moved on, the last four (which order the simulator's
 * faults) stay. A payer is sent only a few pins per hour, and a demo is run more often than that.
 */
export function phoneOfRun(phone: string, run: number): string {
  const match = /^(\+[0-9]+)([0-9]{2})([0-9]{4})$/.exec(phone);
  if (match === null) return phone;
  const moved = (Number(match[2]) + run) % 100;
  return `${match[1]}${String(moved).padStart(2, '0')}${match[3]}`;
}
