// The double-entry ledger: accounts, immutable balanced journal entries, and the one function that writes them.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE DOMAIN account_kind AS text COLLATE "C" CHECK (VALUE IN ('provider', 'capital', 'fee_income', 'commissions_payable',
      'provider_charges', 'receivable', 'suspense', 'wallet_available', 'wallet_held'));

    CREATE DOMAIN entry_id AS text COLLATE "C" CHECK (octet_length(VALUE) = 28 AND left(VALUE, 2) = 'je');
    CREATE DOMAIN entry_reference AS text COLLATE "C" CHECK (length(VALUE) BETWEEN 3 AND 120);
    CREATE DOMAIN entry_kind AS text CHECK (octet_length(VALUE) BETWEEN 3 AND 30);

    -- A line in the book. Ids speak: 'provider:UGX', '<wallet id>:available'. Only wallet accounts carry a running balance;
    -- system accounts are touched by every payment and are summed instead, so that no payment waits for another.
    CREATE TABLE ledger_accounts (
      id text COLLATE "C" PRIMARY KEY,
      kind account_kind NOT NULL,
      currency currency_code NOT NULL,
      wallet_id text COLLATE "C" REFERENCES wallets,
      balance any_minor,
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT wallet_accounts_have_balances CHECK ((wallet_id IS NULL) = (balance IS NULL))
    ) WITH (fillfactor = 60);
    -- The system's accounts among all wallets'. (Not by their missing balance: a column that an index names cannot change in place.)
    CREATE INDEX ledger_accounts_of_system ON ledger_accounts (id) WHERE wallet_id IS NULL;
    -- What an account is never changes, so it is judged when that is written, and not with every new balance.
    CREATE FUNCTION check_account() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.id <> coalesce(NEW.wallet_id || ':' || replace(NEW.kind, 'wallet_', ''), NEW.kind || ':' || NEW.currency)
        OR (NEW.kind LIKE 'wallet%') <> (NEW.wallet_id IS NOT NULL) THEN
        RAISE EXCEPTION 'the id of an account says whose it is, or what and in which currency, not %', NEW.id
          USING ERRCODE = 'check_violation', TABLE = 'ledger_accounts', CONSTRAINT = 'id_says_what_it_is';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER id_says_what_it_is BEFORE INSERT OR UPDATE OF id, kind, currency, wallet_id ON ledger_accounts
      FOR EACH ROW EXECUTE FUNCTION check_account();

    INSERT INTO ledger_accounts (id, kind, currency)
    SELECT kind || ':' || currency, kind, currency
    FROM unnest(ARRAY['provider', 'capital', 'fee_income', 'commissions_payable', 'provider_charges', 'receivable', 'suspense']) AS kind,
      unnest(ARRAY['UGX', 'RWF', 'XAF', 'XOF', 'KES', 'GHS', 'TZS', 'ZMW', 'NGN', 'ZAR', 'EUR', 'GBP', 'USD']) AS currency;

    -- A balanced, immutable group of postings in one currency. The reference (transaction and step) can exist only once.
    CREATE TABLE journal_entries (
      id entry_id PRIMARY KEY,
      reference entry_reference NOT NULL UNIQUE,
      kind entry_kind NOT NULL,
      currency text COLLATE "C" NOT NULL,
      transaction_id transaction_id,
      reason remark,
      actor text NOT NULL,
      posted_at timestamptz NOT NULL DEFAULT now(),
      xact xid8 NOT NULL DEFAULT pg_current_xact_id()
    );

    -- One signed line of an entry on one account. Entry and account are checked once per statement (check_postings) instead of by
    -- foreign keys once per line, which cost a third of all posting; neither can ever be deleted. balance_after is the wallet account's running balance, null for system accounts.
    CREATE TABLE postings (
      entry_id text COLLATE "C" NOT NULL,
      line smallint NOT NULL CHECK (line > 0),
      id bigint GENERATED ALWAYS AS IDENTITY,
      account_id text COLLATE "C" NOT NULL,
      amount bigint NOT NULL CHECK (amount <> 0),
      balance_after bigint CONSTRAINT wallets_cover_their_debits CHECK (balance_after >= 0),
      xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
      PRIMARY KEY (entry_id, line)
    );
    -- A wallet's statement, in the order of its running balance (drawn under the account's row lock).
    CREATE INDEX postings_of_wallet ON postings (account_id, id) WHERE balance_after IS NOT NULL;
    -- What has come to a system account since its last roll-up.
    CREATE INDEX postings_of_system ON postings (account_id, xact) INCLUDE (amount) WHERE balance_after IS NULL;

    -- The sum of a system account's postings of all database transactions older than through_xact.
    CREATE TABLE ledger_rollups (
      account_id text COLLATE "C" PRIMARY KEY REFERENCES ledger_accounts,
      through_xact xid8 NOT NULL,
      amount numeric(38, 0) NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now()
    );

    -- An entry balances and has at least two lines: checked when the writing transaction commits. Like every function that guards
    -- the book it names its schema: a temporary table of the session would otherwise be read in place of the real one. (Tables are
    -- qualified where a function is called for every row: a search path of its own would have to be set and taken back each time.)
    CREATE FUNCTION check_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      lines bigint;
      total numeric;
    BEGIN
      SELECT count(*), coalesce(sum(amount), 0) INTO lines, total FROM public.postings WHERE entry_id = NEW.id;
      IF lines < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'journal entry % does not balance: % lines, sum %', NEW.reference, lines, total USING ERRCODE = 'EV003';
      END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON journal_entries
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_entry_balances();

    -- Every line is on an account of the entry's currency, of an entry that exists and is this very transaction's: nobody adds
    -- lines to an entry later, not even a balanced pair.
    CREATE FUNCTION check_postings() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (
        SELECT 1 FROM added p LEFT JOIN public.journal_entries e ON e.id = p.entry_id LEFT JOIN public.ledger_accounts a ON a.id = p.account_id
        WHERE e.xact IS DISTINCT FROM pg_current_xact_id() OR a.currency IS DISTINCT FROM e.currency
      ) THEN
        RAISE EXCEPTION 'a line needs an account in its entry''s currency, and an entry of the same transaction; an entry cannot be added to after its commit'
          USING ERRCODE = 'EV004';
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER postings_belong AFTER INSERT ON postings
      REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_postings();

    -- Opens a wallet with its two accounts, or finds it. Only here are accounts made, always with a balance of zero.
    CREATE FUNCTION open_wallet(wallet text, merchant text, wallet_owner text, wallet_currency text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      found_id text;
    BEGIN
      INSERT INTO wallets (id, merchant_id, owner, currency) VALUES (wallet, merchant, wallet_owner, wallet_currency)
        ON CONFLICT (merchant_id, owner, currency) DO NOTHING RETURNING id INTO found_id;
      IF found_id IS NULL THEN
        SELECT id INTO STRICT found_id FROM wallets
          WHERE merchant_id = merchant AND owner = wallet_owner AND currency = wallet_currency;
      ELSE
        INSERT INTO ledger_accounts (id, kind, currency, wallet_id, balance) VALUES
          (found_id || ':available', 'wallet_available', wallet_currency, found_id, 0),
          (found_id || ':held', 'wallet_held', wallet_currency, found_id, 0);
      END IF;
      RETURN found_id;
    END $$;

    -- A wallet account's balance, locked until the caller commits: for entries whose shape depends on it. (A row lock takes the
    -- right to update, which the application role has not.)
    CREATE FUNCTION lock_balance(account text) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      SELECT balance FROM ledger_accounts WHERE id = account FOR NO KEY UPDATE;
    $$;

    -- The only writer of entries, postings and balances: entries by their columns, then their lines in order, entry after entry.
    -- Writes all of it or raises: 23505 a reference exists already, 23514 wallets_cover_their_debits a wallet does not cover its
    -- debits.
    CREATE FUNCTION post_entries(ids text[], refs text[], kinds text[], currencies text[], transaction_ids text[], reasons text[],
      actors text[], line_entries text[], line_accounts text[], line_amounts bigint[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      wallets text[]; balances bigint[]; afters bigint[]; numbers smallint[];
      number smallint; place integer;
    BEGIN
      -- Wallet accounts are locked first, in id order, so that two writers meet in the same order and one waits instead of both.
      SELECT array_agg(l.id), array_agg(l.balance) INTO wallets, balances FROM (
        SELECT id, balance FROM ledger_accounts WHERE id = ANY(line_accounts) AND balance IS NOT NULL ORDER BY id FOR NO KEY UPDATE
      ) l;

      -- What each line leaves on its wallet account; system accounts keep no balance.
      FOR i IN 1..coalesce(cardinality(line_accounts), 0) LOOP
        number := CASE WHEN line_entries[i] = line_entries[i - 1] THEN number + 1 ELSE 1 END;
        numbers[i] := number;
        place := width_bucket(line_accounts[i] COLLATE "C", wallets COLLATE "C");
        IF place > 0 AND wallets[place] = line_accounts[i] THEN
          balances[place] := balances[place] + line_amounts[i];
          afters[i] := balances[place];
        ELSE
          afters[i] := NULL;
        END IF;
      END LOOP;

      INSERT INTO journal_entries (id, reference, kind, currency, transaction_id, reason, actor)
        SELECT * FROM unnest(ids, refs, kinds, currencies, transaction_ids, reasons, actors);
      INSERT INTO postings (entry_id, line, account_id, amount, balance_after)
        SELECT * FROM unnest(line_entries, numbers, line_accounts, line_amounts, afters);
      UPDATE ledger_accounts a SET balance = w.balance FROM unnest(wallets, balances) AS w(id, balance) WHERE a.id = w.id;
    END $$;

    -- Moves each system account's settled tail into its roll-up: only what is older than every database transaction still
    -- running, because a smaller number may commit later than a greater one.
    CREATE FUNCTION roll_up_ledger() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      WITH horizon AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xact)
      INSERT INTO ledger_rollups AS r (account_id, through_xact, amount)
        SELECT a.id, h.xact, coalesce(r.amount, 0) + coalesce(sum(p.amount), 0)
        FROM ledger_accounts a CROSS JOIN horizon h
          LEFT JOIN ledger_rollups r ON r.account_id = a.id
          JOIN postings p ON p.account_id = a.id AND p.balance_after IS NULL
            AND p.xact >= coalesce(r.through_xact, '0'::xid8) AND p.xact < h.xact
        WHERE a.wallet_id IS NULL
        GROUP BY a.id, h.xact, r.amount
      ON CONFLICT (account_id) DO UPDATE SET through_xact = EXCLUDED.through_xact, amount = EXCLUDED.amount, updated_at = now()
        WHERE r.through_xact < EXCLUDED.through_xact;
    $$;

    -- A database restored from a dump may stand in a cluster whose transaction numbers are smaller than the ones it was written
    -- under: what comes would count as rolled up already. Here everything that is there becomes older than all that will come.
    -- Where the numbers are the cluster's own it changes no posting. Gives how many it has changed.
    CREATE FUNCTION rebuild_rollups() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      next_xact xid8;
      changed bigint;
    BEGIN
      LOCK TABLE journal_entries, postings, ledger_rollups IN EXCLUSIVE MODE;
      next_xact := pg_snapshot_xmax(pg_current_snapshot());
      DELETE FROM ledger_rollups;
      UPDATE journal_entries SET xact = '0' WHERE xact >= next_xact;
      UPDATE postings SET xact = '0' WHERE xact >= next_xact;
      GET DIAGNOSTICS changed = ROW_COUNT;
      RETURN changed;
    END $$;

    REVOKE ALL ON FUNCTION post_entries(text[], text[], text[], text[], text[], text[], text[], text[], text[], bigint[]), open_wallet(text, text, text, text), lock_balance(text), roll_up_ledger(), rebuild_rollups() FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION post_entries(text[], text[], text[], text[], text[], text[], text[], text[], text[], bigint[]), open_wallet(text, text, text, text), lock_balance(text), roll_up_ledger(), rebuild_rollups() TO eversend_app;
    GRANT SELECT ON ledger_accounts, journal_entries, postings, ledger_rollups TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION rebuild_rollups(), roll_up_ledger(), lock_balance(text), post_entries(text[], text[], text[], text[], text[], text[], text[], text[], text[], bigint[]), open_wallet(text, text, text, text);
    DROP TABLE ledger_rollups, postings, journal_entries, ledger_accounts;
    DROP FUNCTION check_entry_balances(), check_postings();
    DROP FUNCTION check_account();
    DROP DOMAIN account_kind, entry_id, entry_reference, entry_kind;
  `);
}
