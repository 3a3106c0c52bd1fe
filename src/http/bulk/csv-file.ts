// A CSV file of payouts: one line each, columns named as the fields of a payout, inner ones with dots.
import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { type FieldError, InvalidRequest } from '../../errors.ts';
import type { breather } from '../../payouts/bulk/breather.ts';
import { pathOf } from '../field-errors.ts';
import { payoutBody } from '../payout-input.ts';
import { recipient } from '../recipient-input.ts';
import { tooMany } from './json-file.ts';

/** Bytes given to the reader between two breaths. */
const STRIDE = 16_384;
/** Of one line; the largest sensible one has a few hundred. */
const LINE_LIMIT = 65_536;

const REQUIRED = ['amount', 'currency', 'method'] as const;

/** Every column but those of metadata, which are named by the caller. */
export const CSV_COLUMNS: readonly string[] = Object.keys(payoutBody.shape).flatMap((name) => {
  if (name === 'metadata') return [];
  return name === 'recipient' ? Object.keys(recipient.shape).map((inner) => `recipient.${inner}`) : [name];
});
const KNOWN: ReadonlySet<string> = new Set(CSV_COLUMNS);
const METADATA = /^metadata\.(?!__proto__$|constructor$|prototype$)[A-Za-z0-9_.-]{1,40}$/;

const refused = (message: string) => new InvalidRequest([], { code: 'invalid_csv', message });

/**
 * The rows as objects, in slices; empty cells are fields left out. Raises InvalidRequest for what is no CSV in UTF-8, for columns that
 * are unknown, missing or named twice, and for lines with more or fewer cells than the header, naming row and column.
 */
export async function readCsvFile(
  bytes: Buffer,
  of: { mostRows: number; breathe: ReturnType<typeof breather> },
): Promise<readonly Record<string, unknown>[]> {
  if (!isUtf8(bytes)) throw refused('Send the file in UTF-8; some of its bytes are not.');
  if (bytes.includes(0)) throw refused('The file holds a NUL byte. Send plain text with commas.');
  const rows: Record<string, unknown>[] = [];
  let columns: readonly string[] | null = null;
  const parser = parse({ bom: true, relax_column_count: true, skip_empty_lines: true, max_record_size: LINE_LIMIT });
  try {
    for await (const cells of Readable.from(slices(bytes)).pipe(parser)) {
      await of.breathe();
      if (columns === null) columns = readHeader(cells as string[]);
      else if (rows.length === of.mostRows) throw tooMany(of.mostRows);
      else rows.push(readCells(columns, cells as string[], rows.length + 1));
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = String(error['lines'] ?? '');
    throw refused(
      `Line ${line} is not CSV: look for a quote that is not closed, or stands inside a cell without being doubled.`,
    );
  }
  if (columns === null)
    throw refused('The file is empty. Begin it with a line that names the columns, such as amount,currency,method.');
  return rows;
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += STRIDE) yield bytes.subarray(at, at + STRIDE);
}

function readHeader(columns: readonly string[]): readonly string[] {
  const found: FieldError[] = [];
  const seen = new Set<string>();
  for (const column of columns) {
    const field = `columns.${pathOf([column])}`;
    if (!KNOWN.has(column) && !METADATA.test(column)) {
      const message = `There is no such column. Use ${CSV_COLUMNS.join(', ')} and metadata.<name>, separated by commas.`;
      found.push({ field, code: 'unknown_column', message });
    } else if (seen.has(column)) found.push({ field, code: 'duplicate_column', message: 'Name each column once.' });
    seen.add(column);
  }
  for (const column of REQUIRED)
    if (!seen.has(column))
      found.push({
        field: `columns.${column}`,
        code: 'required',
        message: `Add the column ${column}: every payout needs it.`,
      });
  if (found.length > 0) throw new InvalidRequest(found);
  return columns;
}

/** One line as the body of a payout. Raises InvalidRequest where the cells do not match the columns: they may stand in the wrong ones. */
function readCells(columns: readonly string[], cells: readonly string[], number: number): Record<string, unknown> {
  if (cells.length !== columns.length) {
    const message = `Row ${number} has ${cells.length} cells, and the header names ${columns.length} columns. Look for a missing or superfluous comma.`;
    throw InvalidRequest.field(`rows.${number}`, 'wrong_cell_count', message);
  }
  const body: Record<string, unknown> = {};
  for (const [at, column] of columns.entries()) {
    const cell = cells[at] ?? '';
    if (cell === '') continue;
    const [head = '', ...rest] = column.split('.');
    if (rest.length === 0) body[head] = cell;
    else body[head] = { ...(body[head] as object | undefined), [rest.join('.')]: cell };
  }
  return body;
}
