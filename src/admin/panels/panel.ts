// A panel: the description of one model, from which its list, its page, its CSV and its actions' buttons follow.
import type { Context } from '../../context.ts';
import type { Html } from '../pages/layout.ts';
import type { Permission } from '../permissions.ts';
import type { Cell } from './cell.ts';

/** SQL over the panel's rows (alias `t`), with `?` for values; `indexed`: an index finds what fits, so it may be asked of all rows. */
export interface Condition {
  readonly sql: string;
  readonly values?: readonly unknown[];
  readonly indexed?: true;
  /** Whatever fits is among these rows, which an index has together, in no order: while they are few, all of them may be asked. */
  readonly among?: string;
  /** The filter it is of. */
  readonly filter?: string;
  /** It is said of ids of this prefix, and means something only where they are walked. */
  readonly prefix?: string;
}

interface Named {
  /** The query parameter. */
  readonly name: string;
  readonly label: string;
}
export type Filter = Named &
  (
    | {
        readonly kind: 'choice';
        /** By value; the SQL is written out, so that Postgres can see when a partial index covers it. */
        readonly options: Readonly<Record<string, { readonly label: string; readonly when: Condition | null }>>;
        /** The option when none is chosen; unless given, everything. */
        readonly otherwise?: string;
      }
    | {
        readonly kind: 'text';
        readonly form: RegExp;
        /** What to give, for whoever gave something else. */
        readonly hint: string;
        readonly when: (text: string) => Condition;
        /** Set by links and the search only: a digest, which nobody types. Shown as `label` with a way to take it away. */
        readonly hidden?: true;
      }
    /** Two days, in UTC, both included. `idPrefix`, where the ids of the rows tell their time; several where these are woven. */
    | { readonly kind: 'days'; readonly column: string; readonly idPrefix?: string | readonly string[] }
    | { readonly kind: 'amount'; readonly column: string }
  );

/** One column of the order rows are listed in. All columns go the same way; together they are unique and have an index. */
export interface KeyColumn {
  readonly sql: string;
  /** `name`: any text that people write. */
  readonly type: 'timestamptz' | 'text' | 'name' | 'bigint';
}

/** An order of the list. */
export interface Order {
  readonly key: readonly KeyColumn[];
  /** From the smallest key on; greatest, that is newest, first unless said. */
  readonly ascending?: true;
  /** Filters that the order's index serves too. All others are held against the rows that are looked through. */
  readonly serves?: readonly string[];
  /**
   * Prefixes of ids. The first column is an id with one of them: rows of each prefix are walked by themselves, and woven together by
   * what follows it, which is their time.
   */
  readonly woven?: readonly string[];
}

export interface Column<Row> {
  readonly name: string;
  readonly of: (row: Row) => Cell;
  /** Numbers stand to the right. */
  readonly right?: true;
  /** Left out on narrow screens. */
  readonly wide?: true;
  /** The list can be in the order of this column: `true` for the panel's own order, else one that has an index of its own. */
  readonly sort?: true | Order;
}

export interface Section<Row> {
  readonly title: string;
  readonly facts: (row: Row) => readonly (readonly [label: string, cell: Cell])[];
}

/** Rows of another panel that belong to this one: that panel's list with a filter set. */
export interface Related {
  readonly title: string;
  readonly panel: string;
  readonly filters: Readonly<Record<string, string>>;
}

/** Of the navigation, in its order. */
export const GROUPS = ['Payments', 'Book', 'Merchants', 'Events', 'Operations'] as const;

export interface Panel<Row> {
  /** Its address below the console, and its name in links. */
  readonly path: string;
  readonly title: string;
  /** What one row is called. */
  readonly one: string;
  readonly group: (typeof GROUPS)[number];
  /** One sentence below the title. */
  readonly about: string;
  /** What an empty list says, and what to do. */
  readonly empty: string;
  readonly permission: Permission;

  readonly table: string;
  readonly key: readonly KeyColumn[];
  /** Listed from the smallest key on; newest, that is greatest, first unless said. */
  readonly ascending?: true;
  /** How the list goes while no filter leads to few rows by an index of its own; by the key unless said. */
  readonly walk?: Order;
  /** What is joined to the rows of a page, once they are found. */
  readonly joins?: string;
  readonly select: string;
  /** Fills in what SQL cannot: unseals, masks. */
  readonly complete?: (ctx: Context, row: Row) => Row;

  readonly filters: readonly Filter[];
  readonly columns: readonly Column<Row>[];

  /** The row's id in its address, and how it is found by it. */
  readonly id: (row: Row) => string;
  readonly byId: { readonly form: RegExp; readonly sql: string; readonly values?: (id: string) => readonly unknown[] };
  readonly heading: (row: Row) => { readonly title: string; readonly badge?: Cell };
  /** What it means to somebody who sees such a row for the first time. */
  readonly meaning?: (row: Row) => string | null;
  readonly sections: readonly Section<Row>[];
  readonly related?: (row: Row) => readonly Related[];
  /** Something a description cannot say. */
  readonly extra?: (ctx: Context, base: string, row: Row) => Promise<Html>;
}

/** Panels of all kinds of rows in one list: what is inside is only handed to functions of the same panel. */
export type AnyPanel = Panel<Record<string, unknown>>;

export function panel<Row>(of: Panel<Row>): AnyPanel {
  return of as unknown as AnyPanel;
}
