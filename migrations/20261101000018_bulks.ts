// Bulks: files of payouts, and the verdict on each of their rows.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Many payouts handed in at once. \`accepting\` and \`cancelling\` say what a worker still has to do with the rows; \`processing\`
    -- that payouts of them are under way; \`done\` that all have come to an end.
    CREATE TABLE bulks (
      id text COLLATE "C" PRIMARY KEY CHECK (octet_length(id) = 28 AND left(id, 2) = 'bu'),
      merchant_id text COLLATE "C" NOT NULL REFERENCES merchants,
      state text NOT NULL CONSTRAINT known_bulk_state CHECK (state IN ('accepting', 'cancelling', 'processing', 'done')),
      hold text NOT NULL CHECK (hold IN ('each', 'total')),
      rows integer NOT NULL CHECK (rows BETWEEN 1 AND 10000),
      reference word,
      metadata object_of_json NOT NULL DEFAULT '{}',
      cancelled_by text,
      -- When a worker must look next; while it works, the end of its lease. Database time only.
      due_at timestamptz DEFAULT now(),
      generation counter NOT NULL DEFAULT 1,
      rung_at timestamptz DEFAULT now(),
      tries counter NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT bulk_due_unless_done CHECK ((state = 'done') = (due_at IS NULL)),
      CONSTRAINT cancelled_by_somebody CHECK (state <> 'cancelling' OR cancelled_by IS NOT NULL)
    );
    CREATE INDEX bulks_of_merchant ON bulks (merchant_id, id DESC);
    CREATE INDEX bulks_due ON bulks (rung_at NULLS FIRST, due_at) WHERE due_at IS NOT NULL;

    -- One row of a file, once for every round it was tried in; \`retried\` ones have a successor. The payout's id is made with the row:
    -- whatever happens between the two, a row is one payout at most. What it asks for is sealed, and forgotten with the verdict.
    CREATE TABLE bulk_rows (
      bulk_id text COLLATE "C" NOT NULL REFERENCES bulks,
      number integer NOT NULL CHECK (number BETWEEN 1 AND 10000),
      round counter NOT NULL DEFAULT 1,
      state text NOT NULL CONSTRAINT known_row_state CHECK (state IN ('waiting', 'accepted', 'refused', 'cancelled', 'retried')),
      payout_id transaction_id,
      currency currency_code,
      amount_minor some_minor,
      held_minor some_minor,
      max_fee_minor any_minor,
      -- Set where the bulk's own hold covers it: while the row waits, its held_minor is part of what this wallet holds.
      wallet_id text COLLATE "C" REFERENCES wallets,
      reference word,
      errors jsonb,
      sealed bytea,
      -- The person was to be erased while the row waited: passed on to its payout, which is erased once it has ended.
      erasure_asked_at timestamptz,
      PRIMARY KEY (bulk_id, number, round),
      CONSTRAINT waits_with_what_it_asks CHECK ((state = 'waiting') = (sealed IS NOT NULL)),
      CONSTRAINT refused_says_why CHECK ((state = 'refused') = (errors IS NOT NULL)),
      CONSTRAINT payout_of_what_can_be_paid CHECK (state = 'refused' OR (payout_id IS NOT NULL AND currency IS NOT NULL AND held_minor IS NOT NULL))
    );
    CREATE UNIQUE INDEX bulk_rows_current ON bulk_rows (bulk_id, number) WHERE state <> 'retried';
    CREATE UNIQUE INDEX bulk_rows_of_payout ON bulk_rows (payout_id) WHERE payout_id IS NOT NULL;
    CREATE INDEX bulk_rows_to_erase ON bulk_rows (payout_id) WHERE erasure_asked_at IS NOT NULL;
    CREATE INDEX bulk_rows_waiting ON bulk_rows (bulk_id, number) WHERE state = 'waiting';

    -- Money that went out under a payout's reference besides the payout itself: whoever would pay a row again asks for it.
    CREATE INDEX cases_of_reference ON cases ((evidence->>'reference') COLLATE "C") WHERE transaction_id IS NULL;

    -- A merchant's wallets of one currency, in the order of the list.
    CREATE INDEX wallets_by_currency ON wallets (merchant_id, currency, owner);

    GRANT SELECT, INSERT, UPDATE ON bulks, bulk_rows TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP INDEX wallets_by_currency, cases_of_reference; DROP TABLE bulk_rows, bulks`);
}
