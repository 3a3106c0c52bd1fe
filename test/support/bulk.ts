// Files of payouts for tests, and a worker's turn on them.
import { workOnBulk } from '../../src/payouts/bulk/work.ts';
import { type Api, PAYOUT } from './api.ts';

/** As many rows as asked for, each to a phone that the simulator has no orders for, and under a reference of its own; `change` alters some. */
export function payoutRows(count: number, change: (row: number) => object = () => ({})): object[] {
  return Array.from({ length: count }, (_, index) => ({
    ...PAYOUT,
    recipient: { ...PAYOUT.recipient, phone: `+25671${String(index).padStart(5, '0')}78` },
    reference: `ROW-${index + 1}`,
    ...change(index + 1),
  }));
}

/** The same as CSV, with the columns that are used. */
export function csvOf(rows: readonly object[]): string {
  const flat = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).flatMap(([name, value]) =>
        typeof value === 'object'
          ? Object.entries(value as object).map(([inner, each]) => [`${name}.${inner}`, each])
          : [[name, value]],
      ),
    ),
  );
  const columns = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  return [columns, ...flat.map((row) => columns.map((column) => row[column] ?? ''))]
    .map((cells) => cells.join(','))
    .join('\r\n');
}

/** Works on a bulk as a worker does, and gives it as its merchant sees it then. */
export async function worked(api: Api, id: string) {
  await workOnBulk(api.world, id);
  return (await api.get(`/v1/payouts/bulk/${id}`)).json;
}
