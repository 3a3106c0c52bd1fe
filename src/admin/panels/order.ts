// The orders a list may have: its own, and those of columns that have an index for it. None is ever sorted by Postgres.
import { InvalidRequest } from '../../errors.ts';
import type { AnyPanel, Column, Condition, Order } from './panel.ts';

/** A list's order as it was asked for. */
export interface Chosen {
  /** Its name in the address; null: the panel's own. */
  readonly sort: string | null;
  readonly order: Order;
  /** Against the way the order has by itself. */
  readonly backwards: boolean;
}

/** A column's name as the address has it. */
export const sortName = (column: Pick<Column<never>, 'name'>): string =>
  column.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

/** The panel's own order. Every filter that calls itself indexed has an index that goes on in it; without one there may be a walk. */
export function ownOrder(panel: AnyPanel, conditions: readonly Condition[]): Order {
  const { walk } = panel;
  const leads = (one: Condition) => one.indexed === true && !walk?.serves?.includes(one.filter ?? '');
  if (walk !== undefined && !conditions.some(leads)) return walk;
  const serves = panel.filters.map(({ name }) => name);
  return { key: panel.key, serves, ...(panel.ascending ? { ascending: true } : {}) };
}

/** The order asked for, of the rows that fit the conditions. Raises InvalidRequest for an order that the list does not have. */
export function readOrder(
  panel: AnyPanel,
  query: (name: string) => string | undefined,
  conditions: readonly Condition[],
): Chosen {
  const way = query('order') ?? '';
  if (way !== '' && way !== 'reversed')
    throw InvalidRequest.field('order', 'unknown_order', 'Order: give reversed, or leave it out.');
  const backwards = way === 'reversed';
  const asked = query('sort') ?? '';
  const own = { sort: null, order: ownOrder(panel, conditions), backwards };
  if (asked === '') return own;
  const sortable = panel.columns.filter((column) => column.sort !== undefined);
  const { sort } = sortable.find((column) => sortName(column) === asked) ?? {};
  if (sort === true) return own;
  if (sort !== undefined) return { sort: asked, order: sort, backwards };
  const names = sortable.map(sortName).join(', ');
  throw InvalidRequest.field('sort', 'unknown_sort', `Sort: this list has no such order. Choose one of ${names}.`);
}
