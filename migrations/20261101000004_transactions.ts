// Transactions, their history, their attempts and the cases that people answer: the machine's whole memory.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What one column may hold. A domain is checked when its column is written; a CHECK on the table would be read and checked
    -- anew with every statement that touches the row, which cost half of moving one.
    CREATE DOMAIN transaction_id AS text COLLATE "C" CHECK (octet_length(VALUE) = 28 AND left(VALUE, 2) IN ('po', 'co'));
    CREATE DOMAIN currency_code AS text COLLATE "C" CHECK (octet_length(VALUE) = 3 AND VALUE = upper(VALUE));
    CREATE DOMAIN country_code AS text COLLATE "C" CHECK (octet_length(VALUE) = 2 AND VALUE = upper(VALUE));
    CREATE DOMAIN some_minor AS bigint CHECK (VALUE > 0);
    CREATE DOMAIN any_minor AS bigint CHECK (VALUE >= 0);
    CREATE DOMAIN counter AS integer CHECK (VALUE >= 0);
    CREATE DOMAIN word AS text COLLATE "C" CHECK (octet_length(VALUE) BETWEEN 1 AND 64);
    CREATE DOMAIN sentence AS text CHECK (length(VALUE) BETWEEN 1 AND 500);
    CREATE DOMAIN remark AS text CHECK (length(VALUE) <= 500);
    CREATE DOMAIN foreign_id AS text COLLATE "C" CHECK (octet_length(VALUE) BETWEEN 1 AND 100);
    CREATE DOMAIN web_address AS text CHECK (length(VALUE) <= 2000);
    CREATE DOMAIN object_of_json AS jsonb CHECK (jsonb_typeof(VALUE) = 'object');
    CREATE DOMAIN digest AS bytea CHECK (octet_length(VALUE) = 32);
    CREATE DOMAIN payment_method AS text CHECK (VALUE IN ('momo', 'bank', 'eversend'));
    CREATE DOMAIN given_amount AS text CHECK (VALUE IN ('source', 'destination'));
    CREATE DOMAIN transaction_state AS text CONSTRAINT known_state CHECK (VALUE IN ('awaiting_approval', 'accepted', 'submitting',
      'submitted', 'in_review', 'settled', 'failed', 'cancelled', 'reversed'));
    CREATE DOMAIN cause_of_a_move AS text CHECK (VALUE IN ('api', 'worker', 'webhook', 'sweep', 'returns_check', 'operator'));
    CREATE DOMAIN attempt_verdict AS text CHECK (VALUE IN ('accepted', 'refused', 'not_sent', 'not_executed'));

    -- A collection or a payout. The state says what the provider may know (src/transactions/states.ts); no other column decides.
    -- No foreign key is checked while a payment moves: row by row they cost an eighth of accepting one. Whoever writes has just read
    -- or written what it names, what may be named is never removed (kept_for_good), and \`ledger verify\` looks at every reference.
    CREATE TABLE transactions (
      id transaction_id PRIMARY KEY,
      type text NOT NULL,
      merchant_id text COLLATE "C" NOT NULL,
      wallet_id text COLLATE "C" NOT NULL,
      state transaction_state NOT NULL,
      currency currency_code NOT NULL,
      amount_minor some_minor,
      amount_type given_amount NOT NULL DEFAULT 'source',
      max_amount_minor some_minor,
      destination_currency currency_code,
      destination_amount_minor some_minor,
      country country_code,
      method payment_method NOT NULL,
      fee_schedule_id text COLLATE "C" NOT NULL,
      fee_minor any_minor,
      fee_ceiling_minor any_minor,
      held_minor any_minor NOT NULL DEFAULT 0,
      charge_minor any_minor,
      provider_transaction_id foreign_id,
      failure_code word,
      failure_message sentence,
      reference word,
      metadata object_of_json NOT NULL DEFAULT '{}',
      beneficiary_id text COLLATE "C",
      redirect_url web_address,
      approval_url web_address,
      scheduled_at timestamptz,
      actor text NOT NULL,
      client_address inet,
      attempt_no counter NOT NULL DEFAULT 0,
      -- When somebody must look next; while submitting it is the end of the sender's lease. Database time only.
      due_at timestamptz,
      -- The doorbell's number, since a job id is never used twice (a known id would be ignored by the queue); and when it was
      -- last rung for this due date, null if not yet.
      generation counter NOT NULL DEFAULT 1,
      rung_at timestamptz DEFAULT now(),
      -- How often in a row nothing came of looking (provider away, answer unchanged, a bug): the exponent of the wait.
      tries counter NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      settled_at timestamptz,
      -- Checks of one column are in its domain, where they run when the column is written; this one runs whenever the row is.
      CONSTRAINT due_unless_final CHECK ((state IN ('settled', 'failed', 'cancelled', 'reversed')) = (due_at IS NULL))
    ) WITH (fillfactor = 85);

    -- What must be true between the columns of a row, by the name of what is not. A function, because the text of a CHECK is read
    -- anew by every statement that writes a row, which took longer than everything it checks.
    CREATE FUNCTION transaction_stands(t transactions) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
    DECLARE
      broken text;
    BEGIN
      IF (t.type <> CASE left(t.id, 2) WHEN 'po' THEN 'payout' ELSE 'collection' END) THEN
        broken := 'type_as_the_id_says';
      ELSIF (t.state IN ('settled', 'reversed')) <> (t.settled_at IS NOT NULL) THEN
        broken := 'settled_has_a_time';
      ELSIF t.state = 'failed' AND (t.failure_code IS NULL OR t.failure_message IS NULL) THEN
        broken := 'failed_has_a_reason';
      ELSIF t.amount_minor IS NULL AND (t.amount_type <> 'destination' OR t.max_amount_minor IS NULL) THEN
        broken := 'amount_known';
      ELSIF t.settled_at IS NOT NULL AND (t.amount_minor IS NULL OR t.fee_minor IS NULL) THEN
        broken := 'settled_amounts_known';
      ELSIF t.type = 'collection' AND (t.method <> 'momo' OR t.amount_type <> 'source' OR t.country IS NULL
          OR t.amount_minor % 100 <> 0 OR t.fee_minor IS NULL OR t.fee_minor >= t.amount_minor OR t.held_minor <> 0) THEN
        broken := 'collection_shape';
      ELSIF t.type = 'payout' AND (t.held_minor <= 0 OR (t.method = 'eversend') <> (t.country IS NULL)
          OR (t.method = 'eversend' AND t.amount_type <> 'source')
          OR (t.fee_minor IS NULL AND t.fee_ceiling_minor IS NULL)) THEN
        broken := 'payout_shape';
      ELSE
        RETURN true;
      END IF;
      RAISE EXCEPTION 'transaction % breaks the rule %', t.id, broken USING ERRCODE = 'check_violation', TABLE = 'transactions', CONSTRAINT = broken;
    END $$;
    ALTER TABLE transactions ADD CONSTRAINT stands CHECK (transaction_stands(transactions));

    -- Rows that others name stay, under their ids, whoever asks.
    CREATE FUNCTION kept_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'rows of % are never removed, nor do they change their ids: others name them', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME;
    END $$;
    CREATE TRIGGER kept_for_good BEFORE DELETE OR TRUNCATE OR UPDATE OF id, merchant_id ON transactions FOR EACH STATEMENT EXECUTE FUNCTION kept_for_good();
    CREATE TRIGGER kept_for_good BEFORE DELETE OR TRUNCATE OR UPDATE OF id, merchant_id ON wallets FOR EACH STATEMENT EXECUTE FUNCTION kept_for_good();
    CREATE TRIGGER kept_for_good BEFORE DELETE OR TRUNCATE OR UPDATE OF id ON merchants FOR EACH STATEMENT EXECUTE FUNCTION kept_for_good();
    CREATE TRIGGER kept_for_good BEFORE DELETE OR TRUNCATE OR UPDATE OF id ON fee_schedules FOR EACH STATEMENT EXECUTE FUNCTION kept_for_good();
    -- One transaction of ours per transaction of the provider's.
    CREATE UNIQUE INDEX transactions_provider_id ON transactions (provider_transaction_id) WHERE provider_transaction_id IS NOT NULL;
    -- The sweep's two questions: what is due and was not rung for its date, by date; and what was rung longest ago.
    CREATE INDEX transactions_due ON transactions (rung_at NULLS FIRST, due_at) WHERE due_at IS NOT NULL;
    -- Lists and search of one merchant.
    CREATE INDEX transactions_of_merchant ON transactions (merchant_id, created_at, id);
    CREATE INDEX transactions_of_wallet ON transactions (wallet_id, created_at, id);
    -- By reference first: an operator knows a reference, and often not whose it is.
    CREATE INDEX transactions_by_reference ON transactions (reference, merchant_id, created_at, id) WHERE reference IS NOT NULL;
    -- What somebody looks for among many: a payment that goes well is never in here, and pays nothing for it.
    CREATE INDEX transactions_by_rare_state ON transactions (merchant_id, state, created_at, id)
      WHERE state IN ('awaiting_approval', 'in_review', 'failed', 'cancelled', 'reversed');

    -- Every state a transaction was ever in: from, to, why, who. Append-only. It is also the outbox of the events that merchants are
    -- told: written in the commit that moves the row, and read in the order of these commits by xact, once all older ones have ended.
    CREATE TABLE transaction_history (
      transaction_id transaction_id NOT NULL,
      id bigint GENERATED ALWAYS AS IDENTITY,
      from_state text,
      to_state text NOT NULL,
      cause cause_of_a_move NOT NULL,
      actor text NOT NULL,
      attempt integer NOT NULL,
      note remark,
      at timestamptz NOT NULL DEFAULT now(),
      xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
      PRIMARY KEY (transaction_id, id)
    );
    -- The moves a merchant is told of: all but those inside the machine, on which nobody outside could act.
    CREATE FUNCTION is_told(from_state text, to_state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
      SELECT to_state <> 'submitting' AND (to_state <> 'accepted' OR from_state IS DISTINCT FROM 'submitting');
    $$;
    CREATE INDEX transaction_history_told ON transaction_history (xact, id) WHERE is_told(from_state, to_state);

    -- One permission to send one transaction to the provider, committed before sending. Open (no verdict) means: perhaps sent.
    CREATE TABLE attempts (
      transaction_id transaction_id NOT NULL,
      number counter NOT NULL,
      opened_at timestamptz NOT NULL DEFAULT now(),
      token_hash digest,
      quotation_expires_at timestamptz,
      quoted_amount_minor some_minor,
      quoted_charge_minor any_minor,
      -- Look-ups that find nothing count as evidence only after this moment; null: silence never permits sending again.
      fence_at timestamptz,
      hint text CHECK (length(hint) <= 300),
      look_ups integer NOT NULL DEFAULT 0,
      negatives integer NOT NULL DEFAULT 0,
      first_negative_at timestamptz,
      last_negative_at timestamptz,
      verdict attempt_verdict,
      evidence jsonb NOT NULL DEFAULT '{}',
      closed_at timestamptz,
      PRIMARY KEY (transaction_id, number),
      CONSTRAINT closed_with_verdict CHECK ((verdict IS NULL) = (closed_at IS NULL)),
      CONSTRAINT silence_needs_evidence CHECK (verdict <> 'not_executed' OR (negatives > 0 AND fence_at IS NOT NULL AND first_negative_at >= fence_at))
    );
    CREATE UNIQUE INDEX attempts_one_open ON attempts (transaction_id) WHERE verdict IS NULL;

    -- A question only a person can answer.
    CREATE TABLE cases (
      id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^ca[0-9A-Z]{26}$'),
      kind text NOT NULL CHECK (kind ~ '^[a-z_]{3,40}$'),
      subject text NOT NULL,
      transaction_id text COLLATE "C" REFERENCES transactions,
      owner text NOT NULL DEFAULT 'operations',
      currency text COLLATE "C" CHECK (currency ~ '^[A-Z]{3}$'),
      amount_minor bigint,
      evidence jsonb NOT NULL,
      opened_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      resolved_at timestamptz,
      resolved_by text,
      resolution text,
      CONSTRAINT resolved_by_somebody CHECK ((resolved_at IS NULL) = (resolved_by IS NULL) AND (resolved_at IS NULL) = (resolution IS NULL))
    );
    -- One open case per question: asking again is not asking anew.
    CREATE UNIQUE INDEX cases_one_open ON cases (subject, kind) WHERE resolved_at IS NULL;

    -- Opens cases; one that is open already takes the new evidence instead of being opened twice.
    CREATE FUNCTION open_cases(opening jsonb) RETURNS void LANGUAGE sql AS $$
      INSERT INTO cases (id, kind, subject, transaction_id, currency, amount_minor, evidence)
        SELECT id, kind, subject, transaction_id, currency, amount_minor, evidence
        FROM jsonb_to_recordset(opening)
          AS c(id text, kind text, subject text, transaction_id text, currency text, amount_minor bigint, evidence jsonb)
        ON CONFLICT (subject, kind) WHERE resolved_at IS NULL
          DO UPDATE SET evidence = cases.evidence || EXCLUDED.evidence, updated_at = now();
    $$;

    GRANT SELECT, INSERT, UPDATE ON transactions, attempts, cases TO eversend_app;
    GRANT SELECT, INSERT ON transaction_history TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP FUNCTION open_cases; DROP TABLE cases, attempts, transaction_history; ALTER TABLE transactions DROP CONSTRAINT stands; DROP FUNCTION transaction_stands;
    DROP TABLE transactions; DROP FUNCTION is_told; DROP FUNCTION kept_for_good CASCADE;
    DROP DOMAIN transaction_id, currency_code, country_code, some_minor, any_minor, counter, word, sentence, remark, foreign_id, web_address, object_of_json,
      digest, payment_method, given_amount, transaction_state, cause_of_a_move, attempt_verdict`);
}
