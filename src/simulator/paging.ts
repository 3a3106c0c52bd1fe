// Pages of a list, as `page` (1) and `limit` (10, at most 100) ask for them.

const MOST = 100;

export function windowOf(query: URLSearchParams) {
  const page = whole(query.get('page'), 1);
  const limit = Math.min(whole(query.get('limit'), 10), MOST);
  return { page, limit, start: (page - 1) * limit };
}

export function pageOf<Item>(items: readonly Item[], query: URLSearchParams) {
  const { page, limit, start } = windowOf(query);
  return { items: items.slice(start, start + limit), page, limit };
}

function whole(text: string | null, usual: number): number {
  return text !== null && /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : usual;
}
