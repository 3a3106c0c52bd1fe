// E17: the next release's migration is applied and taken back while payments run, and changes the very tables that they write.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { migrate, rollBack } from '../../../src/db/migrations.ts';
import type { Scene } from './scene.ts';
import { callOnce, streamOf, tally } from './stream.ts';

const PAYMENTS = 40;
const PER_SECOND = 30;
const REAL = resolve(import.meta.dirname, '../../../migrations');

/** Each of these needs a table for itself. */
const MIGRATION = `// Of a release that does not exist: a column, a check, a trigger and an index on the tables that every payment writes.
export async function up(knex) {
  await knex.raw(\`
    ALTER TABLE transactions ADD COLUMN scene text;
    ALTER TABLE attempts ADD CONSTRAINT scene CHECK (number < 1000000);
    CREATE INDEX scene ON transaction_history (at);
    CREATE FUNCTION scene() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER scene AFTER UPDATE ON ledger_accounts FOR EACH STATEMENT EXECUTE FUNCTION scene();
  \`);
}
export async function down(knex) {
  await knex.raw(\`
    DROP TRIGGER scene ON ledger_accounts; DROP FUNCTION scene; DROP INDEX scene;
    ALTER TABLE attempts DROP CONSTRAINT scene; ALTER TABLE transactions DROP COLUMN scene;
  \`);
}
`;

export const nextRelease: Scene = {
  id: 'E17',
  what: 'a migration is applied and taken back while payments run',
  async play({ rig, callers, size, orders }) {
    const folder = mkdtempSync(join(tmpdir(), 'eversend-payments-migrations-'));
    try {
      cpSync(REAL, folder, { recursive: true });
      writeFileSync(join(folder, '29991231000000_next_release.ts'), MIGRATION);
      const asked = orders(PAYMENTS * size);
      const statuses: number[] = [];
      const stream = streamOf(asked, PER_SECOND, async (order) => {
        const url = rig.webs[statuses.length % rig.webs.length]?.url as string;
        statuses.push(await callOnce(url, rig.merchant.apiKey, order));
      });
      const problems: string[] = [];
      for (let n = 0; n < size; n += 1) {
        const applied = await migrate(rig.postgres.url, folder);
        const undone = await rollBack(rig.postgres.url, folder);
        if (applied.length !== 1 || undone.length !== 1) problems.push(`applied ${applied}, took back ${undone}`);
      }
      await stream.done;
      const wrong = statuses.filter((status) => status !== 202 && status !== 503);
      if (wrong.length > 0) problems.push(`besides 202 and 503 there came ${tally(wrong)}`);
      await Promise.all(asked.map((order) => callers.ask(order)));
      return problems;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
