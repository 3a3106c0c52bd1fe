// Steps: everything that a batch of the machine's decisions writes, in one statement.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Writes steps, each given by its parts, and tells which were still valid. A step is written only if its row still is in the
    -- state and attempt it was decided from; of one whose row has moved on nothing is written at all. Each row may occur once.
    --   moves     the rows, their states passed through, and when somebody must look next: never before a scheduled time, and before
    --             it no attempt is opened, whoever asks (adopting, which sends nothing, says so)
    --   opened    attempts that begin; changed: what becomes of the open ones
    --   entries   what is booked, in the columns of post_entries
    --   opening   cases that begin; answered: cases that these steps answer
    -- A step that a webhook event caused marks the event as applied in the same commit. Raises what post_entries raises.
    CREATE FUNCTION write_steps(moves jsonb, opened jsonb, changed jsonb, forgetting text[], earned jsonb, opening jsonb, answered jsonb,
      entry_ids text[], refs text[], kinds text[], currencies text[], transaction_ids text[], reasons text[], actors text[],
      line_entries text[], line_accounts text[], line_amounts bigint[])
    RETURNS text[] LANGUAGE plpgsql AS $$
    DECLARE
      moved text[];
      stale boolean;
      change record;
    BEGIN
      -- coalesce keeps what a step does not mention; clear_failure is how a late success takes a failure back.
      WITH steps AS (
        SELECT * FROM jsonb_to_recordset(moves) AS s(id text, "from" text, attempt_no integer, "to" text, path jsonb, cause text,
          actor text, note text, due_in_ms bigint, tries text, opens boolean, settles boolean, event text, amount_minor bigint,
          fee_minor bigint, charge_minor bigint, held_minor bigint, destination_amount_minor bigint, destination_currency text,
          provider_transaction_id text, approval_url text, failure_code text, failure_message text, clear_failure boolean)
      ), moved_rows AS (
        UPDATE transactions t SET
          state = s."to",
          attempt_no = t.attempt_no + coalesce(s.opens, false)::int,
          due_at = CASE WHEN s.due_in_ms IS NOT NULL THEN greatest(now() + s.due_in_ms * interval '1 millisecond', t.scheduled_at) END,
          rung_at = NULL,
          tries = CASE s.tries WHEN 'count' THEN t.tries + 1 WHEN 'keep' THEN t.tries ELSE 0 END,
          amount_minor = coalesce(s.amount_minor, t.amount_minor),
          fee_minor = coalesce(s.fee_minor, t.fee_minor),
          charge_minor = coalesce(s.charge_minor, t.charge_minor),
          held_minor = coalesce(s.held_minor, t.held_minor),
          destination_amount_minor = coalesce(s.destination_amount_minor, t.destination_amount_minor),
          destination_currency = coalesce(s.destination_currency, t.destination_currency),
          provider_transaction_id = coalesce(s.provider_transaction_id, t.provider_transaction_id),
          approval_url = coalesce(s.approval_url, t.approval_url),
          failure_code = CASE WHEN s.clear_failure THEN NULL ELSE coalesce(s.failure_code, t.failure_code) END,
          failure_message = CASE WHEN s.clear_failure THEN NULL ELSE coalesce(s.failure_message, t.failure_message) END,
          settled_at = CASE WHEN s.settles THEN now() ELSE t.settled_at END,
          approved_at = CASE WHEN s."from" = 'awaiting_approval' AND s."to" = 'accepted' THEN now() ELSE t.approved_at END,
          updated_at = now()
        FROM steps s WHERE t.id = s.id AND t.state = s."from" AND t.attempt_no = s.attempt_no
          AND (s.opens IS NOT TRUE OR t.scheduled_at IS NULL OR t.scheduled_at <= now() OR current_setting('eversend.adopting', true) = 'yes')
        -- With what the rest needs of its step: joining the two again would compare each with each.
        RETURNING t.id, t.attempt_no, s."from", s.path, s.cause, s.actor, s.note, s.event
      ), history AS (
        INSERT INTO transaction_history (transaction_id, from_state, to_state, cause, actor, attempt, note)
          SELECT m.id, CASE WHEN p.n = 1 THEN m."from" ELSE m.path->>(p.n::int - 2) END, p.state, m.cause, m.actor, m.attempt_no, m.note
          FROM moved_rows m, jsonb_array_elements_text(m.path) WITH ORDINALITY AS p(state, n)
          ORDER BY m.id, p.n
      ), events AS (
        UPDATE webhook_events e SET state = 'applied', look_ups = e.look_ups + 1, rung_at = NULL, due_at = NULL, applied_at = now()
          FROM moved_rows m WHERE m.event IS NOT NULL AND e.id = m.event AND e.state = 'received'
      )
      SELECT coalesce(array_agg(id), '{}') INTO moved FROM moved_rows;
      stale := cardinality(moved) < jsonb_array_length(moves);

      IF opened IS NOT NULL THEN
        INSERT INTO attempts (transaction_id, number, token_hash, quotation_expires_at, quoted_amount_minor, quoted_charge_minor, fence_at)
          SELECT id, number, decode(token_hash, 'hex'), quotation_expires_at, quoted_amount_minor, quoted_charge_minor,
            coalesce(fence_at, now() + fence_after_ms * interval '1 millisecond')
          FROM jsonb_to_recordset(opened) AS a(id text, number integer, token_hash text, quotation_expires_at timestamptz,
            quoted_amount_minor bigint, quoted_charge_minor bigint, fence_at timestamptz, fence_after_ms bigint)
          WHERE NOT stale OR a.id = ANY(moved);
      END IF;

      -- A negative look-up counts only from the fence on; the first one after it starts the span. One by one, by their keys: joined
      -- with all of the batch, a table that was small when the plan was made would be read whole for every batch.
      FOR change IN SELECT * FROM jsonb_to_recordset(changed) AS c(id text, number integer, looked_up boolean, negative boolean, hint text,
          fence_now boolean, verdict text, evidence jsonb) WHERE NOT stale OR c.id = ANY(moved) LOOP
        UPDATE attempts a SET
            look_ups = a.look_ups + change.looked_up::int,
            negatives = a.negatives + (change.negative AND a.fence_at <= now())::int,
            first_negative_at = CASE WHEN change.negative AND a.fence_at <= now() THEN coalesce(a.first_negative_at, now()) ELSE a.first_negative_at END,
            last_negative_at = CASE WHEN change.negative THEN now() ELSE a.last_negative_at END,
            hint = coalesce(change.hint, a.hint),
            fence_at = CASE WHEN change.fence_now THEN least(a.fence_at, now()) ELSE a.fence_at END,
            verdict = change.verdict,
            evidence = a.evidence || coalesce(change.evidence, '{}'),
            closed_at = CASE WHEN change.verdict IS NULL THEN NULL ELSE now() END
          WHERE a.transaction_id = change.id AND a.number = change.number AND a.verdict IS NULL;
      END LOOP;

      IF forgetting IS NOT NULL THEN
        UPDATE personal_data SET otp_sealed = NULL
          WHERE subject_id = ANY(forgetting) AND (NOT stale OR subject_id = ANY(moved)) AND otp_sealed IS NOT NULL;
      END IF;

      IF earned IS NOT NULL THEN
        INSERT INTO earnings (transaction_id, kind, step, merchant_id, currency, amount_minor)
          SELECT transaction_id, kind, step, merchant_id, currency, amount_minor FROM jsonb_to_recordset(earned)
            AS e(transaction_id text, kind text, step text, merchant_id text, currency text, amount_minor bigint)
          WHERE NOT stale OR e.transaction_id = ANY(moved);
      END IF;

      IF answered IS NOT NULL THEN
        UPDATE cases c SET resolved_at = now(), resolved_by = a.by, resolution = a.resolution, updated_at = now()
          FROM jsonb_to_recordset(answered) AS a(subject text, kinds jsonb, by text, resolution text)
          WHERE c.subject = a.subject AND jsonb_exists(a.kinds, c.kind) AND c.resolved_at IS NULL AND (NOT stale OR a.subject = ANY(moved));
      END IF;

      IF opening IS NOT NULL THEN
        PERFORM open_cases(CASE WHEN stale THEN (
            SELECT jsonb_agg(c) FROM jsonb_array_elements(opening) AS c WHERE c->>'transaction_id' = ANY(moved)
          ) ELSE opening END);
      END IF;

      IF entry_ids IS NOT NULL AND stale THEN
        SELECT array_agg(e.id ORDER BY n), array_agg(e.ref ORDER BY n), array_agg(e.kind ORDER BY n), array_agg(e.currency ORDER BY n),
            array_agg(e.transaction_id ORDER BY n), array_agg(e.reason ORDER BY n), array_agg(e.actor ORDER BY n)
          INTO entry_ids, refs, kinds, currencies, transaction_ids, reasons, actors
          FROM unnest(entry_ids, refs, kinds, currencies, transaction_ids, reasons, actors) WITH ORDINALITY
            AS e(id, ref, kind, currency, transaction_id, reason, actor, n)
          WHERE e.transaction_id = ANY(moved);
        SELECT array_agg(l.entry ORDER BY n), array_agg(l.account ORDER BY n), array_agg(l.amount ORDER BY n)
          INTO line_entries, line_accounts, line_amounts
          FROM unnest(line_entries, line_accounts, line_amounts) WITH ORDINALITY AS l(entry, account, amount, n)
          WHERE l.entry = ANY(entry_ids);
      END IF;
      IF entry_ids IS NOT NULL THEN
        PERFORM post_entries(entry_ids, refs, kinds, currencies, transaction_ids, reasons, actors, line_entries, line_accounts, line_amounts);
      END IF;
      RETURN moved;
    END $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP FUNCTION write_steps`);
}
