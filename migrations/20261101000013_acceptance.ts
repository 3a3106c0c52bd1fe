// Acceptance: everything that accepting a batch of requests reads and writes, in one statement.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Accepts requests given by their columns, each with a verdict, in their order:
    --   accepted            the key was free and the wallet covers it; all of it is written, the money is held
    --   known               the key was used before: the stored answer, sealed together with what it was the answer to
    --   running             a twin of it runs in another session at this moment
    --   again               it met another of this batch (its twin, or one that takes the same money first): to be asked anew
    --   no_wallet, wallet_frozen, insufficient_funds: nothing is written
    -- Raises what post_entries raises; then nothing of the whole batch is written.
    CREATE FUNCTION accept_transactions(ids text[], merchants text[], routes text[], keys text[],
      answers bytea[], owners text[], currencies text[], amounts bigint[], amount_types text[], max_amounts bigint[],
      destination_currencies text[], destination_amounts bigint[], countries text[], methods text[], fee_schedules text[],
      fees bigint[], fee_ceilings bigint[], helds bigint[], refs text[], metadatas jsonb[], beneficiaries text[],
      redirect_urls text[], schedules timestamptz[], actors text[], client_addresses inet[], sealeds bytea[],
      otps bytea[], account_hashes bytea[], last_four_hashes bytea[], entry_ids text[])
    RETURNS TABLE (verdict text, wallet_id text, at timestamptz, status smallint, answer bytea)
    LANGUAGE plpgsql AS $$
    #variable_conflict use_column
    DECLARE
      verdicts text[]; wallets text[]; taken text[]; holds integer[];
      line_entries text[]; line_accounts text[]; line_amounts bigint[];
    BEGIN
      -- The twin's lock first: it is tried, never waited for, so twins neither wait nor drain the pool. A request that alone is too
      -- much takes no part in what the batch asks together, so that a stream of such does not keep others waiting for ever.
      SELECT array_agg(d.wallet ORDER BY d.n), array_agg(CASE
          WHEN d.known THEN 'known'
          WHEN NOT d.mine THEN 'running'
          WHEN d.wallet IS NULL THEN 'no_wallet'
          WHEN d.held = 0 THEN 'accepted'
          WHEN d.frozen THEN 'wallet_frozen'
          WHEN d.balance < d.held THEN 'insufficient_funds'
          WHEN d.balance < d.together THEN 'again'
          ELSE 'accepted' END ORDER BY d.n)
        INTO wallets, verdicts
        FROM (
          SELECT i.n, pg_try_advisory_xact_lock(hashtextextended(i.merchant || ' ' || i.route || ' ' || i.key, 0)) AS mine,
            k.key IS NOT NULL AS known, w.id AS wallet, w.frozen_at IS NOT NULL AS frozen, i.held, a.balance,
            sum(i.held) FILTER (WHERE k.key IS NULL AND i.held <= a.balance) OVER (PARTITION BY w.id ORDER BY i.n) AS together
          FROM unnest(merchants, routes, keys, owners, currencies, helds) WITH ORDINALITY
              AS i(merchant, route, key, owner, currency, held, n)
            LEFT JOIN idempotency_keys k ON k.merchant_id = i.merchant AND k.route = i.route AND k.key = i.key
            LEFT JOIN wallets w ON w.merchant_id = i.merchant AND w.owner = i.owner AND w.currency = i.currency
            LEFT JOIN ledger_accounts a ON a.id = w.id || ':available'
        ) d;

      -- Whoever writes the key owns the request; a twin that came between the look and the write is seen the next time.
      WITH keys_in AS (
        INSERT INTO idempotency_keys (merchant_id, route, key, subject_id, status, answer)
          SELECT i.merchant, i.route, i.key, i.id, 202, i.answer
          FROM unnest(verdicts, merchants, routes, keys, ids, answers)
            AS i(verdict, merchant, route, key, id, answer)
          WHERE i.verdict = 'accepted'
          ON CONFLICT DO NOTHING RETURNING subject_id
      )
      SELECT array_agg(subject_id) INTO taken FROM keys_in;
      FOR i IN 1..cardinality(verdicts) LOOP
        IF verdicts[i] = 'accepted' AND NOT ids[i] = ANY(coalesce(taken, '{}')) THEN
          verdicts[i] := 'again';
        END IF;
      END LOOP;

      IF 'accepted' = ANY(verdicts) THEN
        INSERT INTO transactions (id, type, merchant_id, wallet_id, state, currency, amount_minor, amount_type, max_amount_minor,
            destination_currency, destination_amount_minor, country, method, fee_schedule_id, fee_minor, fee_ceiling_minor,
            held_minor, reference, metadata, beneficiary_id, redirect_url, scheduled_at, actor, client_address, due_at, rung_at)
          SELECT r.id, CASE left(r.id, 2) WHEN 'po' THEN 'payout' ELSE 'collection' END, r.merchant, r.wallet, 'accepted',
            r.currency, r.amount, r.amount_type, r.max_amount, r.destination_currency, r.destination_amount, r.country, r.method,
            r.fee_schedule, r.fee, r.fee_ceiling, r.held, r.ref, coalesce(r.metadata, '{}'), r.beneficiary, r.redirect_url,
            r.scheduled, r.actor, r.client_address, coalesce(r.scheduled, now()),
            CASE WHEN r.scheduled IS NULL THEN now() END
          FROM unnest(verdicts, ids, merchants, wallets, currencies, amounts, amount_types, max_amounts, destination_currencies,
              destination_amounts, countries, methods, fee_schedules, fees, fee_ceilings, helds, refs, metadatas, beneficiaries,
              redirect_urls, schedules, actors, client_addresses)
            AS r(verdict, id, merchant, wallet, currency, amount, amount_type, max_amount, destination_currency, destination_amount,
              country, method, fee_schedule, fee, fee_ceiling, held, ref, metadata, beneficiary, redirect_url, scheduled, actor,
              client_address)
          WHERE r.verdict = 'accepted';
        INSERT INTO transaction_history (transaction_id, to_state, cause, actor, attempt)
          SELECT r.id, 'accepted', 'api', r.actor, 0 FROM unnest(verdicts, ids, actors) AS r(verdict, id, actor)
          WHERE r.verdict = 'accepted';
        INSERT INTO personal_data (subject_id, merchant_id, sealed, otp_sealed, account_hash, last_four_hash)
          SELECT r.id, r.merchant, r.sealed, r.otp, r.account_hash, r.last_four_hash
          FROM unnest(verdicts, ids, merchants, sealeds, otps, account_hashes, last_four_hashes)
            AS r(verdict, id, merchant, sealed, otp, account_hash, last_four_hash)
          WHERE r.verdict = 'accepted';

        FOR i IN 1..cardinality(verdicts) LOOP
          IF verdicts[i] = 'accepted' AND helds[i] > 0 THEN
            holds := holds || i;
            line_entries := line_entries || ARRAY[entry_ids[i], entry_ids[i]];
            line_accounts := line_accounts || ARRAY[wallets[i] || ':available', wallets[i] || ':held'];
            line_amounts := line_amounts || ARRAY[-helds[i], helds[i]];
          END IF;
        END LOOP;
        IF holds IS NOT NULL THEN
          PERFORM post_entries(array_agg(entry_ids[i]), array_agg(ids[i] || ':hold'), array_agg('hold'::text),
            array_agg(currencies[i]), array_agg(ids[i]), NULL, array_agg(actors[i]), line_entries, line_accounts, line_amounts)
            FROM unnest(holds) AS i;
        END IF;
      END IF;

      IF 'known' = ANY(verdicts) THEN
        RETURN QUERY SELECT v.verdict, v.wallet, coalesce(k.created_at, now()), k.status, k.answer
          FROM unnest(verdicts, wallets, merchants, routes, keys) WITH ORDINALITY AS v(verdict, wallet, merchant, route, key, n)
            LEFT JOIN idempotency_keys k
              ON v.verdict = 'known' AND k.merchant_id = v.merchant AND k.route = v.route AND k.key = v.key
          ORDER BY v.n;
      ELSE
        RETURN QUERY SELECT v.verdict, v.wallet, now(), NULL::smallint, NULL::bytea
          FROM unnest(verdicts, wallets) WITH ORDINALITY AS v(verdict, wallet, n) ORDER BY v.n;
      END IF;
    END $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP FUNCTION accept_transactions`);
}
