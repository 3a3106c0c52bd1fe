// Proposals: what one person asks for in the console and a second one confirms; above which amounts that is so; and what lists need.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What one person may move in a currency within 24 hours without a second one. Null: no such limit; 0: nothing. Its row is
    -- locked by whoever moves money alone, so that two deeds at once are judged one after the other.
    CREATE TABLE dual_control_limits (
      currency currency_code PRIMARY KEY,
      above_minor any_minor,
      updated_at timestamptz NOT NULL DEFAULT now(),
      updated_by text
    );
    INSERT INTO dual_control_limits (currency) SELECT currency FROM ledger_accounts WHERE kind = 'capital';
    GRANT SELECT, UPDATE ON dual_control_limits TO eversend_app;
    -- What was moved alone: the audit rows of these deeds name the amounts.
    CREATE INDEX audit_log_alone ON audit_log (actor, at) WHERE jsonb_exists(detail, 'alone');

    -- An action of the console with all that was shown when it was proposed. It is carried out once, by another person, in the commit
    -- that ends it; and only while what it would do is still what was shown.
    CREATE TABLE proposals (
      id text COLLATE "C" PRIMARY KEY CHECK (octet_length(id) = 28 AND left(id, 2) = 'pr'),
      panel text COLLATE "C" NOT NULL,
      subject text COLLATE "C" NOT NULL,
      action text COLLATE "C" NOT NULL,
      input object_of_json NOT NULL,
      -- The box beside what spoke against it was ticked.
      nevertheless boolean NOT NULL,
      reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
      -- By name, whatever must not have changed; what was shown besides; and what moves of each currency, in hundredths as text.
      outline object_of_json NOT NULL,
      shown object_of_json NOT NULL,
      moves object_of_json NOT NULL,
      -- Of what is asked for: the same is not proposed twice at a time.
      digest bytea NOT NULL CHECK (octet_length(digest) = 32),
      proposed_by text COLLATE "C" NOT NULL REFERENCES administrators,
      proposed_from inet,
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL,
      state text NOT NULL DEFAULT 'open' CONSTRAINT known_proposal_state
        CHECK (state IN ('open', 'executed', 'rejected', 'withdrawn', 'expired')),
      decided_by text COLLATE "C" REFERENCES administrators,
      decided_at timestamptz,
      decision_reason text CHECK (length(decision_reason) BETWEEN 1 AND 500),
      CONSTRAINT ended_at_a_time CHECK ((state = 'open') = (decided_at IS NULL)),
      CONSTRAINT decided_by_somebody CHECK ((state IN ('open', 'expired')) = (decided_by IS NULL)),
      CONSTRAINT two_people CHECK (state NOT IN ('executed', 'rejected') OR decided_by <> proposed_by),
      CONSTRAINT withdrawn_by_its_own CHECK (state <> 'withdrawn' OR decided_by = proposed_by)
    );
    CREATE UNIQUE INDEX proposals_one_open ON proposals (digest) WHERE state = 'open';
    CREATE INDEX proposals_open ON proposals (id) WHERE state = 'open';
    CREATE INDEX proposals_of_subject ON proposals (subject, id);

    -- What has ended stays as it ended, and what was proposed as it was proposed.
    CREATE FUNCTION keep_ended_proposals() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    BEGIN
      IF OLD.state <> 'open' THEN
        RAISE EXCEPTION 'the proposal % has ended already', OLD.id USING ERRCODE = 'EV006';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER proposals_end_once BEFORE UPDATE ON proposals FOR EACH ROW EXECUTE FUNCTION keep_ended_proposals();
    GRANT SELECT, INSERT ON proposals TO eversend_app;
    GRANT UPDATE (state, decided_by, decided_at, decision_reason) ON proposals TO eversend_app;

    -- Lists of the console: newest first over all endpoints; what was told about a payment, also to endpoints that are gone; and the
    -- orders that lists of few rows may have besides their own.
    CREATE INDEX deliveries_by_event ON deliveries (event_position, endpoint_id);
    CREATE INDEX merchants_by_name ON merchants (name COLLATE "C", id);
    CREATE INDEX administrators_by_role ON administrators (role COLLATE "C", id);
    CREATE INDEX cases_by_kind ON cases (kind COLLATE "C", id);
    CREATE INDEX cases_by_amount ON cases (coalesce(amount_minor, 0), id);
    CREATE INDEX bulks_by_size ON bulks (rows, id);
    CREATE INDEX approval_limits_by_currency ON approval_limits (currency, merchant_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX approval_limits_by_currency, bulks_by_size, cases_by_amount, cases_by_kind, administrators_by_role, merchants_by_name,
      deliveries_by_event, audit_log_alone;
    DROP TABLE proposals, dual_control_limits;
    DROP FUNCTION keep_ended_proposals();
  `);
}
