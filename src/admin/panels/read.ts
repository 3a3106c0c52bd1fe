// Reads a panel's rows: a page by its cursor, one row by its id, all rows piece by piece. Every reading is bounded, whatever is asked.
import type { Context } from '../../context.ts';
import { inTransaction, PLAN_WITH_VALUES } from '../../db/knex.ts';
import { InvalidRequest } from '../../errors.ts';
import type { Chosen } from './order.ts';
import type { AnyPanel, Condition, KeyColumn } from './panel.ts';
import { isBeforeBy, type Place, type Stretch, weave } from './weave.ts';

export type Row = Record<string, unknown>;

/**
 * How many rows one reading looks through for conditions that no index answers. What is further back is looked through by the next
 * reading, from where this one stopped: no filter, however rare its rows, makes a page slow.
 */
const LOOKS_THROUGH = 10_000;
/** So many rows may be collected and sorted instead. */
const FEW = 2000;

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
  readonly by: Chosen;
}

/** Raises InvalidRequest for a cursor that is not of this panel and order. */
export async function readPage(ctx: Context, panel: AnyPanel, of: Wanted): Promise<Page> {
  const stretches = await inTransaction(ctx.db, async (trx) => {
    await trx.raw(PLAN_WITH_VALUES);
    const here = { ...ctx, db: trx };
    const wanted = { ...of, few: await fewOf(here, panel, of.conditions) };
    return Promise.all((of.by.order.woven ?? [null]).map((prefix) => readStretch(here, panel, wanted, prefix)));
  });
  const { rows, next, stopped } = weave(stretches, of.limit, isBeforeBy(goesDown(of.by)));
  return { rows: rows.map((row) => panel.complete?.(ctx, row) ?? row), next: next && cursorOf(of.by, next), stopped };
}

/** Conditions of which all that may fit is few rows. The page stays the same either way: its order does. */
async function fewOf(ctx: Context, panel: AnyPanel, conditions: readonly Condition[]): Promise<ReadonlySet<Condition>> {
  const few = new Set<Condition>();
  for (const one of conditions.filter(({ among }) => among !== undefined)) {
    const [{ count } = {}] = await ask(
      ctx,
      `SELECT count(*)::int FROM (SELECT FROM ${panel.table} t WHERE ${one.among} LIMIT ${FEW + 1}) s`,
      [],
    );
    if (Number(count) <= FEW) few.add(one);
  }
  return few;
}

type Sifted = Wanted & { readonly few: ReadonlySet<Condition> };

/** What fits, of ids with that prefix: up to one row more than the page has, or as far as one reading looks. */
async function readStretch(ctx: Context, panel: AnyPanel, of: Sifted, prefix: string | null): Promise<Stretch<Row>> {
  const scan = scanOf(panel, of, prefix);
  const { rest, key, looks } = scan;
  const order = orderOf(named(key), goesDown(of.by));
  const where = rest.length === 0 ? '' : `WHERE ${rest.map((one) => `(${one.sql})`).join(' AND ')}`;
  const page = `
    SELECT ${panel.select}, ${placeOf(key)} AS "listPosition" FROM (${scan.sql}) t ${panel.joins ?? ''}
    ${where} ORDER BY ${order} LIMIT ${of.limit + 1}`;
  const rows = await ask(ctx, page, [...scan.values, ...valuesOf(rest)]);
  const found = rows.map((row) => ({ place: row['listPosition'] as Place, row }));
  if (rows.length > of.limit) return { found, through: found.at(-1)?.place ?? null };
  if (rest.length === 0) return { found, through: null };
  const [last] = await ask(
    ctx,
    `SELECT ${placeOf(key)} AS "listPosition" FROM (${scan.sql}) t ORDER BY ${order} OFFSET ${looks - 1}`,
    scan.values,
  );
  return { found, through: (last?.['listPosition'] as Place | undefined) ?? null };
}

/** One row; null when there is none, and for an id that cannot be one. */
export async function readRow(ctx: Context, panel: AnyPanel, id: string): Promise<Row | null> {
  if (!panel.byId.form.test(id)) return null;
  const sql = `SELECT ${panel.select} FROM ${panel.table} t ${panel.joins ?? ''} WHERE ${panel.byId.sql}`;
  const [row] = await ask(ctx, sql, [...(panel.byId.values?.(id) ?? [id])]);
  return row === undefined ? null : (panel.complete?.(ctx, row) ?? row);
}

/** Rows in pieces, and at their end whether there are more that were not read. */
export type Pieces = AsyncGenerator<readonly Row[], boolean>;

/** All rows from the beginning of the list, in pieces, up to `most`. */
export async function* readAll(
  ctx: Context,
  panel: AnyPanel,
  of: Pick<Wanted, 'conditions' | 'by'> & { most: number },
): Pieces {
  const PIECE = 500;
  let after: string | null = null;
  for (let given = 0; given < of.most; ) {
    const page: Page = await readPage(ctx, panel, { ...of, after, limit: Math.min(PIECE, of.most - given) });
    if (page.rows.length > 0) yield page.rows;
    given += page.rows.length;
    if (page.next === null) return false;
    after = page.next;
  }
  return true;
}

interface Scan {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly key: readonly KeyColumn[];
  /** Conditions that no index answers in this order. */
  readonly rest: readonly Condition[];
  /** How many rows it gives at most. */
  readonly looks: number;
}

/** The rows to look through: those that indexed conditions leave, from the cursor on, in the list's order. */
function scanOf(panel: AnyPanel, of: Sifted, prefix: string | null): Scan {
  const { key, serves = [], woven = [] } = of.by.order;
  const asked = of.conditions.filter((one) => (one.prefix ?? prefix) === prefix);
  // Where ids are walked, what is said of the other columns is held against the rows.
  const isServed = (one: Condition) =>
    of.few.has(one) || (one.indexed === true && serves.includes(one.filter ?? '') && (one.prefix ?? null) === prefix);
  const rest = asked.filter((one) => !isServed(one));
  const all = [...asked.filter(isServed), ...edges(of, prefix)];
  const where = all.length === 0 ? '' : `WHERE ${all.map((one) => `(${one.sql})`).join(' AND ')}`;
  // What is no column gets a name, so that whoever reads from this knows the rows to be in that order already.
  const made = named(key).flatMap(({ sql }, at) =>
    sql === key[at]?.sql ? [] : [`, ${key[at]?.sql} AS "${nameOf(at)}"`],
  );
  // The bound stays when nothing is left to ask of the rows: with a page's few Postgres would rather walk on and hope.
  const looks = Math.floor(LOOKS_THROUGH / Math.max(1, woven.length));
  const sql = `SELECT t.*${made.join('')} FROM ${panel.table} t ${where} ORDER BY ${orderOf(key, goesDown(of.by))} LIMIT ${looks}`;
  return { sql, values: valuesOf(all), key, rest, looks };
}

/** The ids of that prefix, and what is behind the cursor. */
function edges({ by, after }: Wanted, prefix: string | null): readonly Condition[] {
  const begin = after === null ? null : placeAt(by, after);
  if (prefix === null) return begin === null ? [] : [behind(by, begin)];
  const [{ sql } = { sql: '' }] = by.order.key;
  const its = { sql: `${sql} >= ? AND ${sql} < ?`, values: [prefix, nextAfter(prefix)] };
  if (begin === null) return [its];
  const [id = ''] = begin;
  if (id.startsWith(prefix)) return [its, behind(by, begin)];
  // Of two ids made at once, with the same letters besides, the prefix decides.
  const place = prefix + id.slice(prefix.length);
  const isBehind = goesDown(by) ? prefix < id : prefix > id;
  return [its, { sql: `${sql} ${goesDown(by) ? '<' : '>'}${isBehind ? '=' : ''} ?`, values: [place] }];
}

const nextAfter = (prefix: string) =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
const goesDown = ({ order, backwards }: Chosen) => (order.ascending !== true) !== backwards;

const nameOf = (at: number) => `listKey${at}`;
/** The same columns as they come out of a scan. */
const named = (key: readonly KeyColumn[]): readonly KeyColumn[] =>
  key.map(({ sql, type }, at) => ({ sql: /^t\.[a-z_]+$/.test(sql) ? sql : `t."${nameOf(at)}"`, type }));
const valuesOf = (conditions: readonly Condition[]) => conditions.flatMap((one) => one.values ?? []);
const orderOf = (key: readonly KeyColumn[], descending: boolean) =>
  key.map(({ sql }) => `${sql} ${descending ? 'DESC' : 'ASC'}`).join(', ');

/** Moments with their microseconds, as stored: two rows of one millisecond must not be lost between pages. */
const placeOf = (key: readonly KeyColumn[]) =>
  `json_build_array(${named(key)
    .map(({ sql, type }) =>
      type === 'timestamptz' ? `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')` : `(${sql})::text`,
    )
    .join(', ')})`;

/** With the order's name, so that a page of one order is none of another. */
const cursorOf = ({ sort }: Chosen, place: Place) =>
  Buffer.from(JSON.stringify([sort ?? '', ...place])).toString('base64url');

const FORMS: Readonly<Record<KeyColumn['type'], RegExp>> = {
  timestamptz: /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$/,
  text: /^[\x21-\x7e]{0,200}$/,
  name: /^[^\p{Cc}\p{Cs}]{0,300}$/u,
  bigint: /^-?[0-9]{1,18}$/,
};
const TYPES: Readonly<Record<KeyColumn['type'], string>> = {
  timestamptz: 'timestamptz',
  text: 'text',
  name: 'text',
  bigint: 'bigint',
};

function placeAt({ sort, order: { key } }: Chosen, cursor: string): readonly string[] {
  const [name, ...values] = read(cursor);
  const fits =
    name === (sort ?? '') &&
    values.length === key.length &&
    key.every(({ type }, at) => {
      const value = values[at];
      if (typeof value !== 'string' || !FORMS[type].test(value)) return false;
      return type !== 'timestamptz' || !Number.isNaN(Date.parse(value));
    });
  if (!fits)
    throw InvalidRequest.field('cursor', 'invalid_cursor', 'This page is not one of the list. Begin with the first.');
  return values as readonly string[];
}

function behind(by: Chosen, place: readonly string[]): Condition {
  const { key } = by.order;
  const columns = key.map(({ sql }) => sql).join(', ');
  const places = key.map(({ type }) => `?::${TYPES[type]}`).join(', ');
  return { sql: `(${columns}) ${goesDown(by) ? '<' : '>'} (${places})`, values: place };
}

function read(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

async function ask(ctx: Context, sql: string, values: readonly unknown[]): Promise<Row[]> {
  const { rows } = await ctx.db.raw<{ rows: Row[] }>(sql, [...values] as never);
  return rows;
}
