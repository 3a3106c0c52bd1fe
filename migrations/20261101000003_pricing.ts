// Fee schedules: what we charge, in versions that are never changed, so that every stored fee can be recomputed.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One version of one tariff. A null scope column means "any"; the most specific scope wins, then the highest version.
    -- own: our tariff, the provider's charge is our cost. cost_plus: the provider's charge plus our part, up to a ceiling.
    CREATE TABLE fee_schedules (
      id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^fs[0-9A-Z]{26}$'),
      type text NOT NULL CHECK (type IN ('collection', 'payout')),
      merchant_id text COLLATE "C" REFERENCES merchants,
      method text CHECK (method IN ('momo', 'bank', 'eversend')),
      country text CHECK (country ~ '^[A-Z]{2}$'),
      currency text CHECK (currency ~ '^[A-Z]{3}$'),
      version integer NOT NULL CHECK (version > 0),
      basis text NOT NULL CHECK (basis IN ('own', 'cost_plus')),
      percent_ppm integer NOT NULL DEFAULT 0 CHECK (percent_ppm BETWEEN 0 AND 1000000),
      flat_minor bigint NOT NULL DEFAULT 0 CHECK (flat_minor >= 0),
      minimum_minor bigint NOT NULL DEFAULT 0 CHECK (minimum_minor >= 0),
      maximum_minor bigint CHECK (maximum_minor >= minimum_minor),
      ceiling_minor bigint CHECK (ceiling_minor >= 0),
      commission_ppm integer NOT NULL DEFAULT 0 CHECK (commission_ppm BETWEEN 0 AND 1000000),
      created_at timestamptz NOT NULL DEFAULT now(),
      created_by text NOT NULL,
      UNIQUE NULLS NOT DISTINCT (type, merchant_id, method, country, currency, version),
      CONSTRAINT amounts_need_a_currency CHECK (
        currency IS NOT NULL OR (flat_minor = 0 AND minimum_minor = 0 AND maximum_minor IS NULL AND ceiling_minor IS NULL)
      ),
      CONSTRAINT cost_plus_is_for_payouts CHECK (basis = 'own' OR (type = 'payout' AND ceiling_minor IS NOT NULL))
    );

    -- Until an operator says otherwise nothing is charged: explicit rows, so that a fee of zero has a schedule like any other.
    INSERT INTO fee_schedules (id, type, version, basis, created_by) VALUES
      ('fs0000000000000000000000000C', 'collection', 1, 'own', 'migration'),
      ('fs0000000000000000000000000P', 'payout', 1, 'own', 'migration');

    GRANT SELECT, INSERT ON fee_schedules TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE fee_schedules`);
}
