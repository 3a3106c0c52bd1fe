// Every page of the console that is measured: made of the panels' own descriptions, with values that stand in the database.
import type pg from 'pg';
import { PRESETS } from '../../src/admin/overview/range.ts';
import { PANELS } from '../../src/admin/panels/all.ts';
import { parametersOf } from '../../src/admin/panels/filters.ts';
import { ownOrder, sortName } from '../../src/admin/panels/order.ts';
import type { AnyPanel, Filter, Order } from '../../src/admin/panels/panel.ts';
import { paymentsOf } from '../seed/payments.ts';

export interface Ask {
  readonly name: string;
  /** Below the console. */
  readonly path: string;
  /** What is typed into the search of every page; the page it leads to belongs to the answer. */
  readonly search?: string;
}

type Values = readonly (readonly [said: string, value: string])[];
const MINUTE_MS = 60_000;

/** All pages to ask for. Raises for a filter of which no value is known: a new one has to be measured too. */
export async function asksOf(db: pg.Client, seed: number): Promise<readonly Ask[]> {
  const asks: Ask[] = Object.keys(PRESETS).map((range) => ({ name: `overview ${range}`, path: `?range=${range}` }));
  const phone = phoneOf(seed);
  for (const panel of PANELS) asks.push(...(await listsOf(db, panel)), ...(await rowsOf(db, panel)));
  for (const state of await column(db, 'SELECT DISTINCT state FROM transactions ORDER BY 1')) {
    const [id] = await column(db, 'SELECT id FROM transactions WHERE state = $1 ORDER BY id LIMIT 1 OFFSET 1', [state]);
    if (id !== undefined) asks.push({ name: `timeline of what is ${state}`, path: `transactions/${id}` });
  }
  const [id = '', provider = '', reference = ''] = await first(
    db,
    `SELECT id, provider_transaction_id, reference FROM transactions WHERE provider_transaction_id IS NOT NULL ORDER BY id OFFSET 100 LIMIT 1`,
  );
  const searches: Values = [
    ['an id', id],
    ['a reference', reference],
    ["a provider's id", provider],
    ['a phone', phone],
    ['a phone without its plus', phone.slice(1)],
    ['the end of a phone', phone.slice(-4)],
    ['nothing that is there', 'NOTHING-7'],
  ];
  return [...asks, ...searches.map(([said, search]) => ({ name: `search for ${said}`, path: '', search }))];
}

async function listsOf(db: pg.Client, panel: AnyPanel): Promise<readonly Ask[]> {
  const asks: Ask[] = [];
  const add = (what: string, query: Record<string, string> = {}) =>
    asks.push({ name: `${panel.path} ${what}`, path: `${panel.path}?${new URLSearchParams(query)}` });
  add('first page');
  // Whatever a list shows by itself, its deep pages are those of all rows.
  const everything: Record<string, string> = {};
  for (const filter of panel.filters)
    if (filter.kind === 'choice' && filter.options['all'] !== undefined) everything[filter.name] = 'all';
  const deep = await cursorOf(db, panel, ownOrder(panel, []), null);
  if (deep !== null) {
    add('deep page', { ...everything, cursor: deep });
    add('deep page, oldest first', { ...everything, cursor: deep, order: 'reversed' });
  }
  for (const { sort, name } of panel.columns.map((one) => ({ sort: one.sort, name: sortName(one) }))) {
    if (sort === undefined) continue;
    for (const order of ['', 'reversed']) add(`by ${name} ${order}`.trim(), { sort: name, ...(order && { order }) });
    const inside = sort === true ? null : await cursorOf(db, panel, sort, name);
    if (inside !== null) add(`by ${name}, deep page`, { sort: name, cursor: inside });
  }
  for (const filter of panel.filters)
    for (const [said, query] of await settingsOf(db, panel, filter)) {
      add(said, query);
      if (deep !== null && ownOrder(panel, []) === panel.walk && filter.kind === 'choice')
        add(`${said}, oldest first`, { ...query, order: 'reversed' });
    }
  return asks;
}

/** The page of a row in the middle of its list. */
async function rowsOf(db: pg.Client, panel: AnyPanel): Promise<readonly Ask[]> {
  const [row] = (
    await db.query(
      `SELECT ${panel.select} FROM (SELECT t.* FROM ${panel.table} t OFFSET (SELECT greatest(reltuples, 0)::bigint / 2 FROM pg_class WHERE oid = '${panel.table}'::regclass) LIMIT 1) t ${panel.joins ?? ''}`,
    )
  ).rows;
  if (row === undefined) return [];
  const id = panel.id(row);
  return panel.byId.form.test(id)
    ? [{ name: `${panel.path} one row`, path: `${panel.path}/${encodeURIComponent(id)}` }]
    : [];
}

type Setting = readonly [said: string, query: Record<string, string>];

/** Every choice, and for what is typed a common value, a rare one, and one that is not there. */
async function settingsOf(db: pg.Client, panel: AnyPanel, filter: Filter): Promise<readonly Setting[]> {
  const [name = '', to = ''] = parametersOf(filter);
  switch (filter.kind) {
    case 'choice':
      return Object.keys(filter.options).map((value) => [`${name}=${value}`, { [name]: value }]);
    case 'days': {
      const [at] = await first(db, `SELECT ${filter.column} FROM (${middleOf(panel, ownOrder(panel, []))}) t`);
      const day = new Date(at ?? Date.now()).toISOString().slice(0, 10);
      const moment = (ms: number) => `${new Date(ms).toISOString().slice(0, 16)}Z`;
      const start = new Date(at ?? Date.now()).getTime();
      return [
        [`${name} one day`, { [name]: day, [to]: day }],
        [`${name} five minutes`, { [name]: moment(start), [to]: moment(start + 5 * MINUTE_MS) }],
        [`${name} long ago`, { [to]: '2020-01-01' }],
      ];
    }
    case 'amount':
      return (await around(db, panel.table, filter.column)).map(([said, minor]) => [
        `${said} ${name}`,
        { [name]: `${BigInt(minor) / 100n}.${String(BigInt(minor) % 100n).padStart(2, '0')}` },
      ]);
    case 'text':
      return (await typedInto(db, panel, filter)).map(([said, value]) => [`${said} ${name}`, { [name]: value }]);
    default:
      return filter satisfies never;
  }
}

/** Where nobody could tell from the condition which column is meant. */
const TYPED: Readonly<Record<string, string>> = {
  'transactions.reference': 'SELECT reference FROM transactions LIMIT 1 OFFSET 10',
  'transactions.account': `SELECT translate(encode(account_hash, 'base64'), '+/=', '-_') FROM personal_data WHERE account_hash IS NOT NULL LIMIT 1`,
  'transactions.ending': `SELECT translate(encode(last_four_hash, 'base64'), '+/=', '-_') FROM personal_data WHERE last_four_hash IS NOT NULL LIMIT 1`,
  'entries.transaction':
    'SELECT transaction_id FROM journal_entries WHERE transaction_id IS NOT NULL LIMIT 1 OFFSET 10',
  'attempts.error':
    "SELECT coalesce(evidence->>'code', split_part(hint, ':', 1)) FROM attempts WHERE hint IS NOT NULL LIMIT 1",
  'attempts.since': "SELECT left(max(id), 12) FROM transactions WHERE id < 'poZ'",
  'attempts.before': "SELECT left(min(id), 12) FROM transactions WHERE id >= 'po'",
  'deliveries.transaction': 'SELECT transaction_id FROM deliveries WHERE transaction_id IS NOT NULL LIMIT 1 OFFSET 10',
  'audit.action': "SELECT 'transactions.cancel'",
  'merchants.name': "SELECT 'Shop 1999'",
};

async function typedInto(db: pg.Client, panel: AnyPanel, filter: Extract<Filter, { kind: 'text' }>): Promise<Values> {
  const known = TYPED[`${panel.path}.${filter.name}`];
  const { sql } = filter.when('');
  const [, its] = /^(t\.[a-z_]+) = \?(?:::[a-z]+)?$/.exec(sql) ?? [];
  if (known === undefined && its === undefined)
    throw new Error(
      `bench/console/asks.ts knows no value for the filter ${filter.name} of ${panel.path}: give it one.`,
    );
  const values =
    known === undefined
      ? await around(db, panel.table, its ?? '')
      : [['known', (await first(db, known))[0] ?? ''] as const];
  return values.filter(([, value]) => filter.form.test(value));
}

/** A value that many rows have, one that few have, and one that none has. */
async function around(db: pg.Client, table: string, name: string): Promise<Values> {
  const values = await column(
    db,
    `SELECT v FROM (SELECT ${name}::text AS v, count(*) AS n FROM (SELECT * FROM ${table} LIMIT 100000) t
     WHERE ${name} IS NOT NULL GROUP BY 1) s ORDER BY n DESC, v`,
  );
  const [common] = values;
  const rare = values.at(-1);
  if (common === undefined || rare === undefined) return [];
  // Longer numbers, and words whose last letters are others, are not there.
  const absent = /^[0-9]+$/.test(rare)
    ? `9${rare}`.slice(0, 12)
    : `${rare.slice(0, -2)}${rare.endsWith('00') ? '11' : '00'}`;
  const unlike = /^[a-z_.]+$/.test(rare) ? `${rare}x` : absent;
  return [['common', common] as const, ['rare', rare] as const, ['absent', unlike] as const].filter(
    ([, value], at, all) => all.findIndex(([, other]) => other === value) === at,
  );
}

const columnsOf = ({ key }: Order) =>
  key.map(({ sql, type }) =>
    type === 'timestamptz' ? `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')` : `(${sql})::text`,
  );

const middleOf = (panel: AnyPanel, order: Order) =>
  `SELECT t.* FROM ${panel.table} t ORDER BY ${order.key.map(({ sql }) => sql).join(', ')}
   OFFSET (SELECT greatest(reltuples, 0)::bigint / 2 FROM pg_class WHERE oid = '${panel.table}'::regclass) LIMIT 1`;

/** The cursor of a page in the middle of the list, as the list itself would have led there; null for one without rows. */
async function cursorOf(db: pg.Client, panel: AnyPanel, order: Order, sort: string | null): Promise<string | null> {
  const place = await first(db, `SELECT ${columnsOf(order).join(', ')} FROM (${middleOf(panel, order)}) t`);
  return place.length === 0 ? null : Buffer.from(JSON.stringify([sort ?? '', ...place])).toString('base64url');
}

/** The phone of one of the payments that were made. */
function phoneOf(seed: number): string {
  const { of } = paymentsOf(seed)(1);
  return 'phone' in of ? of.phone : ((of.recipient as { phone?: string } | null)?.phone ?? '');
}

async function first(db: pg.Client, sql: string, values: readonly unknown[] = []): Promise<readonly string[]> {
  const { rows } = await db.query({ text: sql, values: [...values], rowMode: 'array' });
  return rows[0]?.map((value: unknown) => (value instanceof Date ? value.toISOString() : String(value))) ?? [];
}

async function column(db: pg.Client, sql: string, values: readonly unknown[] = []): Promise<readonly string[]> {
  const { rows } = await db.query({ text: sql, values: [...values], rowMode: 'array' });
  return rows.map(([value]) => String(value));
}
