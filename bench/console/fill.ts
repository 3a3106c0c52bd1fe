// Fills what payments alone leave empty, so that every panel of the console has the rows of a deployment that has run for a while.
import { createHash } from 'node:crypto';
import pg from 'pg';
import { hashPassword } from '../../src/admin/password.ts';
import { newId } from '../../src/ids.ts';

/** Moves of the history of which one statement makes events. */
const TOLD_AT_ONCE = 20_000;
const ENDPOINTS = 4;
const SHOPS = 2000;

// An id of another kind made at the same moment: what came of a payment stands where the payment stands.
const also = (prefix: string, id = 't.id') => `'${prefix}' || substr(${id}, 3)`;
/** Every so manieth row, the same ones each time. */
const every = (n: number, id = 't.id') => `abs(hashtext(${id})) % ${n} = 0`;

const BEFORE = [
  `INSERT INTO merchants (id, name) SELECT 'me' || lpad(n::text, 26, '0'), 'Shop ' || n FROM generate_series(1, ${SHOPS}) n`,
  `INSERT INTO api_keys (id, merchant_id, name, environment, key_hash, last_four, scopes, lineage_id, revoked_at)
    SELECT 'ak' || substr(id, 3), id, 'shop', 'test', sha256(id::bytea), right(id, 4), '{payouts}', 'ak' || substr(id, 3),
      CASE WHEN ${every(10, 'id')} THEN now() END FROM merchants WHERE name LIKE 'Shop %'`,
  `INSERT INTO approval_limits (merchant_id, currency, above_minor) SELECT id, c, 10000000 FROM merchants, unnest('{UGX,KES}'::text[]) c`,
  `INSERT INTO webhook_endpoints (id, merchant_id, url, secret_sealed)
    SELECT 'ep' || substr(id, 3), id, 'https://' || lower(id) || '.example/hooks', '\\x00' FROM merchants
    WHERE name LIKE 'Seeded%' ORDER BY id LIMIT ${ENDPOINTS}`,
];

const AFTER = [
  `UPDATE deliveries SET state = CASE WHEN ${every(100, 'id')} THEN 'failed' ELSE 'delivered' END, due_at = NULL, done_at = created_at,
    attempts = 1, tries = 1, first_tried_at = created_at WHERE NOT ${every(50, 'id')}`,
  `INSERT INTO webhook_events (id, digest, reference, provider_transaction_id, claimed_status, state, received_at, applied_at, due_at, client_address)
    SELECT ${also('we')}, sha256(t.id::bytea), t.id, t.provider_transaction_id, 'successful',
      CASE WHEN ${every(5000)} THEN 'received' WHEN ${every(1000)} THEN 'unknown' ELSE 'applied' END, t.created_at,
      CASE WHEN NOT ${every(5000)} THEN t.created_at END, CASE WHEN ${every(5000)} THEN t.created_at END, '192.0.2.10'
    FROM transactions t WHERE t.provider_transaction_id IS NOT NULL`,
  `INSERT INTO beneficiaries (id, merchant_id, method, country, account_sealed, account_hash, created_at)
    SELECT ${also('be')}, t.merchant_id, 'momo', t.country, '\\x00', sha256(t.id::bytea), t.created_at FROM transactions t
    WHERE t.type = 'payout' AND ${every(20)}`,
  `UPDATE cases t SET resolved_at = opened_at, resolved_by = 'admin:' || $1, resolution = 'settled' WHERE NOT ${every(20)}`,
  `INSERT INTO audit_log (at, actor, action, subject, reason)
    SELECT t.created_at, CASE WHEN ${every(100)} THEN 'cli:root' ELSE 'admin:' || $1 END,
      CASE WHEN ${every(70)} THEN 'transactions.cancel' ELSE 'transactions.look' END, t.id, 'asked by phone'
    FROM transactions t WHERE ${every(10)} ORDER BY t.created_at`,
  `INSERT INTO bulks (id, merchant_id, state, hold, rows, reference, due_at, created_at)
    SELECT ${also('bu')}, t.merchant_id, 'done', 'each', 100, 'BULK-' || t.reference, NULL, t.created_at
    FROM transactions t WHERE ${every(1000)}`,
  `INSERT INTO bulk_rows (bulk_id, number, state, payout_id, currency, amount_minor, held_minor)
    SELECT b.id, row_number() OVER (PARTITION BY b.id), 'accepted', p.id, p.currency, p.amount_minor, p.held_minor
    FROM (SELECT *, ntile((SELECT count(*) FROM bulks)::int) OVER (ORDER BY id) AS file FROM transactions WHERE type = 'payout' AND ${every(10, 'id')}) p
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS file FROM bulks) b USING (file)`,
  `INSERT INTO proposals (id, panel, subject, action, input, nevertheless, reason, outline, shown, moves, digest, proposed_by, expires_at, state, decided_at)
    SELECT ${also('pr')}, 'wallets', t.wallet_id, 'fund', '{}', false, 'opening', '{}', '{"sentences": ["It is given that much."]}',
      '{"UGX": "5000"}', sha256(t.id::bytea), $1, t.created_at + interval '1 day', CASE WHEN ${every(4000)} THEN 'open' ELSE 'expired' END,
      CASE WHEN NOT ${every(4000)} THEN t.created_at END
    FROM transactions t WHERE ${every(1000)}`,
  `INSERT INTO replays (id, endpoint_id, from_at, to_at, next_position, last_position, created_at, done_at)
    SELECT ${also('rp')}, (SELECT min(id) FROM webhook_endpoints), t.created_at - interval '1 day', t.created_at, 2, 1, t.created_at, t.created_at
    FROM transactions t WHERE ${every(2000)}`,
  `INSERT INTO recoveries (begun_by, newest_at, ran_at, found, finished_at, finished_by)
    SELECT 'cli:root', now(), now(), '{}', now(), 'cli:root' FROM generate_series(1, 5)`,
  `INSERT INTO data_keys (id, retired_at) SELECT lpad(to_hex(n), 8, '0'), now() FROM generate_series(1, 5) n`,
  'SELECT roll_up_ledger()',
  'VACUUM ANALYZE',
];

export interface Person {
  readonly email: string;
  readonly password: string;
}

/** Fills the rest of a database with payments in it, as its owner; gives an administrator who may sign in. */
export async function fillRest(url: string, say: (sentence: string) => void): Promise<Person> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const person = { email: 'bench@example.com', password: createHash('sha256').update(url).digest('base64url') };
    const id = newId('administrator');
    const passwordHash = await hashPassword(person.password);
    await client.query(
      "INSERT INTO administrators (id, email, role, password_hash) VALUES ($1, $2, 'administrator', $3)",
      [id, person.email, passwordHash],
    );
    for (const statement of BEFORE) await client.query(statement);
    say('Telling what happened.');
    let told = 1;
    while (told > 0) {
      const { rows } = await client.query('SELECT moves FROM relay_events($1)', [TOLD_AT_ONCE]);
      told = rows[0]?.moves ?? 0;
    }
    say('Filling what payments leave empty.');
    for (const statement of AFTER) await client.query(statement, statement.includes('$1') ? [id] : []);
    return person;
  } finally {
    await client.end();
  }
}
