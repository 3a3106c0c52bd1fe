// Second pairs of eyes and money given back: limits above which a payout awaits approval, and refunds as payouts of a collection.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Above which amount a merchant's payouts in a currency await approval: to one account within 24 hours, the payout itself
    -- included; and in all within 24 hours. Null: no such limit; 0: every payout. Its row is locked by whoever accepts against it,
    -- so that requests that race are judged one after the other.
    CREATE TABLE approval_limits (
      merchant_id text COLLATE "C" NOT NULL REFERENCES merchants,
      currency currency_code NOT NULL,
      above_minor any_minor,
      daily_above_minor any_minor,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (merchant_id, currency),
      CONSTRAINT limits_something CHECK (above_minor IS NOT NULL OR daily_above_minor IS NOT NULL)
    );
    GRANT SELECT, INSERT, UPDATE, DELETE ON approval_limits TO eversend_app;

    -- When it was approved, where it had to be; and the collection whose payer a payout pays back.
    ALTER TABLE transactions
      ADD COLUMN approved_at timestamptz,
      ADD COLUMN refund_of transaction_id,
      ADD CONSTRAINT refunds_pay_back CHECK (refund_of IS NULL OR (type = 'payout' AND amount_type = 'source'));
    CREATE INDEX transactions_refunds ON transactions (refund_of, created_at, id) WHERE refund_of IS NOT NULL;
    CREATE INDEX transactions_scheduled ON transactions (merchant_id, created_at, id) WHERE scheduled_at IS NOT NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX transactions_scheduled, transactions_refunds;
    ALTER TABLE transactions DROP COLUMN refund_of, DROP COLUMN approved_at;
    DROP TABLE approval_limits;
  `);
}
