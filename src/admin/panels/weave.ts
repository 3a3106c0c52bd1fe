// Weaves several readings of one list into a page: each comes in the list's order and knows how far it has come.

/** Where a row stands: its columns of the order, as text. */
export type Place = readonly (string | null)[];

export interface Stretch<Row> {
  /** In the list's order. */
  readonly found: readonly { readonly place: Place; readonly row: Row }[];
  /** Whatever fits up to here was found; null: up to the end of the list. */
  readonly through: Place | null;
}

export interface Woven<Row> {
  readonly rows: readonly Row[];
  /** What the next page goes on behind; null at the end. */
  readonly next: Place | null;
  /** It ended because a stretch did not go further, though the page has room. */
  readonly stopped: boolean;
}

/**
 * The first `limit` rows of all stretches. It goes no further than the stretch that stopped first: what is behind may have rows
 * before it. `isBefore` is asked only where there are several.
 */
export function weave<Row>(
  stretches: readonly Stretch<Row>[],
  limit: number,
  isBefore: (a: Place, b: Place) => boolean,
): Woven<Row> {
  const threads = stretches.map(({ found, through }) => ({
    items: through === null ? found : [...found, { place: through, row: null }],
    at: 0,
  }));
  const rows: Row[] = [];
  let last: Place | null = null;
  for (;;) {
    const open = threads.filter(({ items, at }) => at < items.length);
    const [first] = open;
    if (first === undefined) return { rows, next: null, stopped: false };
    const thread = open.reduce((best, one) => (isBefore(placeOf(one), placeOf(best)) ? one : best), first);
    const { place, row } = thread.items[thread.at] as (typeof thread.items)[number];
    if (row === null) return { rows, next: place, stopped: true };
    if (rows.length === limit) return { rows, next: last, stopped: false };
    rows.push(row);
    last = place;
    thread.at += 1;
  }
}

const placeOf = ({ items, at }: { items: readonly { place: Place }[]; at: number }): Place => items[at]?.place ?? [];

/** How a list of woven ids goes: by what follows the two letters of the prefix, and by these where that is the same. */
export function isBeforeBy(descending: boolean): (a: Place, b: Place) => boolean {
  const keyOf = ([id]: Place) => (id ?? '').slice(2) + (id ?? '').slice(0, 2);
  return (a, b) => (descending ? keyOf(a) > keyOf(b) : keyOf(a) < keyOf(b));
}
