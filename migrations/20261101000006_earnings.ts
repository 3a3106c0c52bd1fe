// Earnings: what we kept, or owe a partner, of one settled transaction. Append-only; a return takes back by a negative row.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- service_fee: the fee kept. commission: the part of it that is owed to a partner. Written in the settling commit.
    CREATE TABLE earnings (
      transaction_id transaction_id NOT NULL,
      kind text NOT NULL CHECK (kind IN ('service_fee', 'commission')),
      step text NOT NULL CHECK (step IN ('settle', 'reverse')),
      merchant_id text COLLATE "C" NOT NULL,
      currency text COLLATE "C" NOT NULL,
      amount_minor bigint NOT NULL CHECK (amount_minor <> 0 AND (amount_minor > 0) = (step = 'settle')),
      earned_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (transaction_id, kind, step)
    );
    -- A merchant's earnings in the order of the list, and the sums of a span.
    CREATE INDEX earnings_of_merchant ON earnings (merchant_id, earned_at, transaction_id, kind, step);
    GRANT SELECT, INSERT ON earnings TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE earnings`);
}
