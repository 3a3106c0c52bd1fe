// A bulk as callers send it: what goes with the file, and the verdict on each row, in the words of a single payout.
import { z } from 'zod';
import { type FieldError, InvalidRequest } from '../../errors.ts';
import { breather } from '../../payouts/bulk/breather.ts';
import { type JudgedRow, MOST_ROWS, type NewBulk } from '../../payouts/bulk/bulk.ts';
import { fieldErrors } from '../field-errors.ts';
import * as input from '../inputs.ts';
import { payoutBody, readPayout } from '../payout-input.ts';
import { expectJson } from '../strict-json.ts';
import { readCsvFile } from './csv-file.ts';
import { readJsonFile } from './json-file.ts';

/** 10,000 rows of a thousand bytes each. */
export const FILE_LIMIT_BYTES = 10 * 1024 * 1024;

const hold = input.word(
  ['each', 'total'],
  '`each` (default): every row takes its own money, or is refused alone. `total`: all rows are right and the wallets cover them together, or nothing is taken.',
);
const mayRepeat =
  'Rows that say the same (account, amount, reference) are meant, and not refused as `duplicate_in_file`.';

export const bulkBody = z
  .strictObject({
    payouts: z
      .array(payoutBody, { error: 'Send a list of payouts.' })
      .min(1)
      .max(MOST_ROWS)
      .meta({ description: `1 to ${MOST_ROWS} payouts, as POST /v1/payouts takes them.` }),
    hold: hold.optional(),
    allowDuplicates: z.boolean({ error: 'Send true or false.' }).optional().meta({ description: mayRepeat }),
    reference: input.reference.optional(),
    metadata: input.metadata.optional(),
  })
  .meta({ id: 'NewBulk' });

/** What goes with a CSV file; a JSON one says it in its body. */
export const bulkQuery = z.strictObject({
  hold: hold.optional(),
  allowDuplicates: input.word(['true', 'false'], mayRepeat).optional(),
  reference: input.reference.optional(),
});

/** The rows are read one by one, so what is around them is judged with an empty list. */
const around = z.strictObject({
  ...bulkBody.shape,
  payouts: z.array(z.never(), { error: 'Send a list of payouts.' }),
});

type BulkQuery = z.output<typeof bulkQuery>;

/**
 * Reads a file as JSON or CSV, whatever it is declared as, in slices. Raises InvalidRequest: 415 for another type, 400 for what is no
 * file of payouts. A wrong row is no error of the file's: its verdict says what is wrong with it.
 */
export async function readBulk(of: { raw: Buffer; contentType: string; query: BulkQuery }): Promise<NewBulk> {
  const { raw, contentType, query } = of;
  const limits = { mostRows: MOST_ROWS, breathe: breather() };
  if (/^text\/csv[ \t]*(;|$)/i.test(contentType)) {
    if (!/^text\/csv[ \t]*(;[ \t]*(charset="?utf-8"?|header=present)[ \t]*)*$/i.test(contentType))
      throw unsupported('Send the file in UTF-8, with "Content-Type: text/csv".');
    const rows = await readCsvFile(raw, limits);
    const { hold: held = 'each', allowDuplicates, reference = null } = query;
    const judged = await judgeRows(rows);
    return { hold: held, allowDuplicates: allowDuplicates === 'true', reference, metadata: {}, rows: judged };
  }
  if (!/^application\/json/i.test(contentType))
    throw unsupported(
      'Send the payouts as JSON, with "Content-Type: application/json", or as CSV, with "Content-Type: text/csv".',
    );
  expectJson(contentType);
  refuseQuery(query);
  const file = await readJsonFile(raw, limits);
  const parsed = around.safeParse(file.around);
  if (!parsed.success) throw new InvalidRequest(fieldErrors(parsed.error.issues, file.around, 'field'));
  const { hold: held = 'each', allowDuplicates = false, reference = null, metadata = {} } = parsed.data;
  return { hold: held, allowDuplicates, reference, metadata, rows: await judgeRows(file.rows) };
}

const unsupported = (message: string) =>
  new InvalidRequest([], { code: 'unsupported_media_type', message, status: 415 });

function refuseQuery(query: BulkQuery): void {
  const message = 'It goes with CSV files. Say it in the body.';
  const found = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([field]): FieldError => ({ field, code: 'not_allowed_here', message }));
  if (found.length > 0) throw new InvalidRequest(found);
}

async function judgeRows(rows: readonly Record<string, unknown>[]): Promise<readonly JudgedRow[]> {
  if (rows.length === 0) throw InvalidRequest.field('rows', 'required', 'Send at least one payout.');
  const judged: JudgedRow[] = [];
  const breathe = breather();
  for (const row of rows) {
    await breathe();
    judged.push(judgeRow(row, judged.length + 1));
  }
  return judged;
}

function judgeRow(row: Record<string, unknown>, number: number): JudgedRow {
  const parsed = payoutBody.safeParse(row);
  const named = input.reference.safeParse(row['reference']);
  const reference = named.success ? named.data : null;
  if (!parsed.success) return { number, reference, errors: fieldErrors(parsed.error.issues, row, 'field') };
  try {
    return { number, reference, payout: readPayout(parsed.data) };
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    return { number, reference, errors: error.errors };
  }
}
