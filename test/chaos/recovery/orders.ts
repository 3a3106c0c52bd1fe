// The payments of the recovery measurements: payouts from one wallet, known again by the word they were made for.
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { Order } from '../soak/orders.ts';

export const OWNER = 'recovery';

/** `purpose` is their reference in our database. */
export function payoutFor(purpose: string): Order {
  return {
    key: `recovery-${randomBytes(12).toString('hex')}`,
    path: '/v1/payouts',
    body: JSON.stringify({
      amount: '1000',
      currency: 'UGX',
      country: 'UG',
      owner: OWNER,
      reference: purpose,
      destinationCurrency: 'UGX',
      method: 'momo',
      recipient: { firstName: 'Mary', lastName: 'Okello', phone: '+256771234567' },
    }),
  };
}

/** Those made for `purpose` that are in one of the states. */
export async function idsIn(database: pg.Pool, purpose: string, states: readonly string[]): Promise<readonly string[]> {
  const { rows } = await database.query<{ id: string }>(
    'SELECT id FROM transactions WHERE reference = $1 AND state = ANY($2)',
    [purpose, states],
  );
  return rows.map((row) => row.id);
}
