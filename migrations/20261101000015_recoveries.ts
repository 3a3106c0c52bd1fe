// Recoveries: while one is open nothing is sent, in no process, because the database may have forgotten what it sent.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Begun after a restore or a failover that may have lost commits; finished once the provider's list has been gone through.
    CREATE TABLE recoveries (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      begun_at timestamptz NOT NULL DEFAULT now(),
      begun_by text NOT NULL,
      -- The newest thing this database knew when it began: what the provider did after that may be missing here.
      newest_at timestamptz NOT NULL,
      -- The last complete run, and what it found.
      ran_at timestamptz,
      found jsonb,
      finished_at timestamptz,
      finished_by text,
      CONSTRAINT finished_by_somebody CHECK ((finished_at IS NULL) = (finished_by IS NULL)),
      CONSTRAINT finished_after_a_run CHECK (finished_at IS NULL OR ran_at IS NOT NULL)
    );
    CREATE UNIQUE INDEX recoveries_one_open ON recoveries ((finished_at IS NULL)) WHERE finished_at IS NULL;

    -- An attempt is the permission to send, so this is where the switch is: whatever a process believes, none is stamped while a
    -- recovery is open. Adopting what the provider has already (which opens an attempt and sends nothing) says so.
    CREATE FUNCTION refuse_to_send() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM public.recoveries WHERE finished_at IS NULL)
        AND coalesce(current_setting('eversend.adopting', true), '') <> 'yes'
      THEN
        RAISE EXCEPTION 'nothing is sent while a recovery is open' USING ERRCODE = 'EV005';
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER attempts_need_sending BEFORE INSERT ON attempts FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_send();

    GRANT SELECT, INSERT ON recoveries TO eversend_app;
    GRANT UPDATE (ran_at, found, finished_at, finished_by) ON recoveries TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER attempts_need_sending ON attempts;
    DROP FUNCTION refuse_to_send();
    DROP TABLE recoveries;
  `);
}
