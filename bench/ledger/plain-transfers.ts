// The ledger's yardstick: the same transfer as one plain plpgsql function, called from Node as a named statement.
import pg from 'pg';
import { createSkeletonSchema } from '../skeleton/schema.ts';
import type { Transfers } from './measure.ts';

const FUNCTIONS = `
  CREATE FUNCTION transfer(source bigint, target bigint, minor bigint, ref text) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    transfer_id bigint;
  BEGIN
    PERFORM 1 FROM accounts WHERE id IN (source, target) ORDER BY id FOR NO KEY UPDATE;
    UPDATE accounts SET balance = balance - minor WHERE id = source;
    UPDATE accounts SET balance = balance + minor WHERE id = target;
    INSERT INTO transfers (reference, kind) VALUES (ref, 'transfer') RETURNING id INTO transfer_id;
    INSERT INTO postings VALUES (transfer_id, 1, source, -minor), (transfer_id, 2, target, minor);
  END $$;

  CREATE FUNCTION transfer_all(sources bigint[], targets bigint[], minors bigint[], refs text[]) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM 1 FROM accounts WHERE id = ANY(sources || targets) ORDER BY id FOR NO KEY UPDATE;
    WITH lines AS (
      SELECT source AS account, -minor AS amount FROM unnest(sources, minors) AS u(source, minor)
      UNION ALL SELECT target, minor FROM unnest(targets, minors) AS u(target, minor)
    )
    UPDATE accounts a SET balance = a.balance + d.amount
      FROM (SELECT account, sum(amount) AS amount FROM lines GROUP BY account) d WHERE a.id = d.account;
    WITH made AS (
      INSERT INTO transfers (reference, kind) SELECT ref, 'transfer' FROM unnest(refs) AS ref RETURNING id, reference
    )
    INSERT INTO postings
      SELECT m.id, line, CASE line WHEN 1 THEN u.source ELSE u.target END, CASE line WHEN 1 THEN -u.minor ELSE u.minor END
      FROM made m JOIN unnest(refs, sources, targets, minors) AS u(ref, source, target, minor) ON u.ref = m.reference,
        generate_series(1, 2) AS line;
  END $$;
  -- The product's references are unique, so the yardstick's are too.
  CREATE UNIQUE INDEX ON transfers (reference);
`;

/** Opens the yardstick on an empty database; transfers go between the first `count` wallets. */
export async function openPlainTransfers(url: string, count: number, connections: number): Promise<Transfers> {
  await createSkeletonSchema(url);
  const pool = new pg.Pool({ connectionString: url, max: connections });
  pool.on('error', () => {});
  await pool.query(FUNCTIONS);
  let made = 0;
  const next = () => {
    made += 1;
    const source = 1 + Math.floor(Math.random() * count);
    const target = 1 + ((source + Math.floor(Math.random() * (count - 1))) % count);
    return { source, target, reference: `transfer-${made}` };
  };
  return {
    async transfer(batchSize) {
      if (batchSize === 1) {
        const { source, target, reference } = next();
        const values = [source, target, 100, reference];
        await pool.query({ name: 'transfer', text: 'SELECT transfer($1, $2, $3, $4)', values });
        return;
      }
      const batch = Array.from({ length: batchSize }, next);
      const values = [
        batch.map((one) => one.source),
        batch.map((one) => one.target),
        batch.map(() => 100),
        batch.map((one) => one.reference),
      ];
      await pool.query({ name: 'transfer_all', text: 'SELECT transfer_all($1, $2, $3, $4)', values });
    },
    close: () => pool.end(),
  };
}
