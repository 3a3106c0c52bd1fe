// Reads a panel's rows: a page by its cursor, one row by its id, all rows piece by piece. Every reading is bounded, whatever is asked.
import type { Context } from '../../context.ts';
import { InvalidRequest } from '../../errors.ts';
import type { AnyPanel, Condition, KeyColumn } from './panel.ts';

type Row = Record<string, unknown>;

/**
 * How many rows one reading looks through for conditions that no index answers. What is further back is looked through by the next
 * reading, from where this one stopped: no filter, however rare its rows, makes a page slow.
 */
const LOOKS_THROUGH = 20_000;

export interface Page {
  readonly rows: readonly Row[];
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
  /** The page is not full because that many rows were looked through; there may be more behind them. */
  readonly stopped: boolean;
}

export interface Wanted {
  readonly conditions: readonly Condition[];
  readonly after: string | null;
  readonly limit: number;
  /** Against the panel's own order. */
  readonly backwards: boolean;
}

/** Raises InvalidRequest for a cursor that is not of this panel. */
export async function readPage(ctx: Context, panel: AnyPanel, of: Wanted): Promise<Page> {
  const scan = scanOf(panel, of);
  const rest = of.conditions.filter((one) => one.indexed !== true);
  const order = orderOf(panel.key, scan.descending);
  const where = rest.length === 0 ? '' : `WHERE ${rest.map((one) => `(${one.sql})`).join(' AND ')}`;
  const page = `
    SELECT ${panel.select}, ${positionOf(panel.key)} AS "position" FROM (${scan.sql}) t ${panel.joins ?? ''}
    ${where} ORDER BY ${order} LIMIT ${of.limit + 1}`;
  const found = await ask(ctx, page, [...scan.values, ...valuesOf(rest)]);
  const rows = found.slice(0, of.limit).map((row) => panel.complete?.(ctx, row) ?? row);
  const last = found[of.limit - 1];
  if (found.length > of.limit && last !== undefined) return { rows, next: cursorOf(last), stopped: false };
  const end = rest.length === 0 ? null : await whereItStopped(ctx, panel, scan);
  return { rows, next: end, stopped: end !== null };
}

/** One row; null when there is none, and for an id that cannot be one. */
export async function readRow(ctx: Context, panel: AnyPanel, id: string): Promise<Row | null> {
  if (!panel.byId.form.test(id)) return null;
  const sql = `SELECT ${panel.select} FROM ${panel.table} t ${panel.joins ?? ''} WHERE ${panel.byId.sql}`;
  const [row] = await ask(ctx, sql, [...(panel.byId.values?.(id) ?? [id])]);
  return row === undefined ? null : (panel.complete?.(ctx, row) ?? row);
}

/** All rows from the beginning of the list, in pieces, up to `most`. */
export async function* readAll(
  ctx: Context,
  panel: AnyPanel,
  of: Pick<Wanted, 'conditions' | 'backwards'> & { most: number },
): AsyncGenerator<readonly Row[]> {
  const PIECE = 500;
  let after: string | null = null;
  for (let given = 0; given < of.most; ) {
    const page: Page = await readPage(ctx, panel, { ...of, after, limit: Math.min(PIECE, of.most - given) });
    if (page.rows.length > 0) yield page.rows;
    given += page.rows.length;
    if (page.next === null) return;
    after = page.next;
  }
}

interface Scan {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly descending: boolean;
}

/** The rows to look through: those that indexed conditions leave, from the cursor on, in the list's order. */
function scanOf(panel: AnyPanel, of: Wanted): Scan {
  const descending = (panel.ascending !== true) !== of.backwards;
  const indexed = of.conditions.filter((one) => one.indexed === true);
  const begin = of.after === null ? [] : [beginning(panel.key, of.after, descending)];
  const all = [...indexed, ...begin];
  const where = all.length === 0 ? '' : `WHERE ${all.map((one) => `(${one.sql})`).join(' AND ')}`;
  const sql = `SELECT * FROM ${panel.table} t ${where} ORDER BY ${orderOf(panel.key, descending)} LIMIT ${LOOKS_THROUGH}`;
  return { sql, values: valuesOf(all), descending };
}

async function whereItStopped(ctx: Context, panel: AnyPanel, scan: Scan): Promise<string | null> {
  const columns = panel.key.map((column) => column.sql).join(', ');
  const [last] = await ask(
    ctx,
    `SELECT ${positionOf(panel.key)} AS "position", (SELECT count(*) FROM (${scan.sql}) s)::int AS seen
     FROM (SELECT ${columns} FROM (${scan.sql}) t ORDER BY ${orderOf(panel.key, scan.descending)} OFFSET ${LOOKS_THROUGH - 1}) t`,
    [...scan.values, ...scan.values],
  );
  return last === undefined ? null : cursorOf(last);
}

const valuesOf = (conditions: readonly Condition[]) => conditions.flatMap((one) => one.values ?? []);
const orderOf = (key: readonly KeyColumn[], descending: boolean) =>
  key.map(({ sql }) => `${sql} ${descending ? 'DESC' : 'ASC'}`).join(', ');

/** Moments with their microseconds, as stored: two rows of one millisecond must not be lost between pages. */
const positionOf = (key: readonly KeyColumn[]) =>
  `json_build_array(${key
    .map(({ sql, type }) =>
      type === 'timestamptz' ? `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')` : `${sql}::text`,
    )
    .join(', ')})`;

const cursorOf = (row: Row) => Buffer.from(JSON.stringify(row['position'])).toString('base64url');

const FORMS: Readonly<Record<KeyColumn['type'], RegExp>> = {
  timestamptz: /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$/,
  text: /^[\x21-\x7e]{1,130}$/,
  bigint: /^[0-9]{1,18}$/,
};

function beginning(key: readonly KeyColumn[], cursor: string, descending: boolean): Condition {
  const values = read(cursor);
  const fits =
    Array.isArray(values) &&
    values.length === key.length &&
    key.every(({ type }, at) => {
      const value: unknown = values[at];
      if (typeof value !== 'string' || !FORMS[type].test(value)) return false;
      return type !== 'timestamptz' || !Number.isNaN(Date.parse(value));
    });
  if (!fits)
    throw InvalidRequest.field('cursor', 'invalid_cursor', 'This page is not one of the list. Begin with the first.');
  const columns = key.map(({ sql }) => sql).join(', ');
  const places = key.map(({ type }) => `?::${type}`).join(', ');
  return { sql: `(${columns}) ${descending ? '<' : '>'} (${places})`, values };
}

function read(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
}

async function ask(ctx: Context, sql: string, values: readonly unknown[]): Promise<Row[]> {
  const { rows } = await ctx.db.raw<{ rows: Row[] }>(sql, [...values] as never);
  return rows;
}
