// A skeleton's steps in the database: one function call each, as a named prepared statement over a pool of ten.
import pg from 'pg';
import { gather } from './gather.ts';
import { PROVIDER_ACCOUNTS, WALLETS } from './schema.ts';

/** `accept` is the bare acceptance alone: one insert, no queue. */
export const VARIANTS = ['accept', 'plain', 'lean', 'batch'] as const;
export type Variant = (typeof VARIANTS)[number];

interface Accepted {
  readonly reference: string;
  readonly accountId: number;
  readonly minor: number;
}

export interface Steps {
  accept(payout: Accepted): Promise<void>;
  hold(reference: string): Promise<number>;
  record(reference: string, providerId: string): Promise<void>;
  settle(reference: string): Promise<void>;
}

const MAX_BATCH = 128;

/** Hands every accepted payout to `afterAccept` once it is committed: several at a time where acceptance is gathered. */
export function openSteps(of: {
  url: string;
  variant: Variant;
  afterAccept: (references: readonly string[]) => Promise<void>;
}): Steps {
  const pool = new pg.Pool({ connectionString: of.url, max: 10 });
  pool.on('error', () => {});
  let turn = 0;
  const providerAccount = () => {
    turn = (turn + 1) % PROVIDER_ACCOUNTS;
    return WALLETS + 1 + turn;
  };

  const acceptAll = gather<Accepted>(MAX_BATCH, async (payouts) => {
    await pool.query({
      name: 'accept_and_hold_all',
      text: 'SELECT accept_and_hold_all($1, $2, $3)',
      values: [payouts.map((p) => p.reference), payouts.map((p) => p.accountId), payouts.map((p) => p.minor)],
    });
    await of.afterAccept(payouts.map((p) => p.reference));
  });
  const settleAll = gather<string>(MAX_BATCH, async (references) => {
    await pool.query({
      name: 'settle_all',
      text: 'SELECT settle_all($1, $2)',
      values: [references, references.map(providerAccount)],
    });
  });
  const acceptText =
    of.variant === 'lean'
      ? { name: 'accept_and_hold', text: 'SELECT accept_and_hold($1, $2, $3)' }
      : of.variant === 'plain'
        ? { name: 'accept', text: 'SELECT accept($1, $2, $3)' }
        : {
            name: 'insert',
            text: "INSERT INTO payouts (reference, account_id, amount, state) VALUES ($1, $2, $3, 'accepted')",
          };

  return {
    async accept(payout) {
      if (of.variant === 'batch') return acceptAll(payout);
      await pool.query({ ...acceptText, values: [payout.reference, payout.accountId, payout.minor] });
      await of.afterAccept([payout.reference]);
    },
    async hold(reference) {
      const { rows } = await pool.query<{ minor: string }>({
        name: 'hold',
        text: 'SELECT hold($1) AS minor',
        values: [reference],
      });
      return Number(rows[0]?.minor);
    },
    async record(reference, providerId) {
      await pool.query({ name: 'record', text: 'SELECT record($1, $2)', values: [reference, providerId] });
    },
    async settle(reference) {
      if (of.variant === 'batch') return settleAll(reference);
      await pool.query({ name: 'settle', text: 'SELECT settle($1, $2)', values: [reference, providerAccount()] });
    },
  };
}
