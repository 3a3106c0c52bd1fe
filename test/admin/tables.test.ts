// Every table of the database has its panel, or a reason why it has none; and none of them shows what is secret.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PANELS } from '../../src/admin/panels/all.ts';
import { type Browser, type Console, createConsole } from '../support/console.ts';
import { type Filled, fillConsole } from '../support/console-data.ts';
import { ENDPOINT_TOKEN } from '../support/console-rest.ts';
import { createWorld, type World } from '../support/world.ts';

/** Tables that have no panel, each with why. */
const WITHOUT_PANEL: Readonly<Record<string, string>> = {
  transaction_history: 'shown moment by moment in the money timeline of its transaction',
  postings: 'shown with their entry and with their account',
  ledger_rollups: 'partial sums of accounts, which show the whole',
  personal_data: 'sealed: shown masked with what it belongs to, and in clear only by revealing',
  admin_sessions: 'shown to their owner under the account, and counted with the administrator',
  delivery_attempts: 'shown with their delivery',
  event_relay: 'one row: how far the relay has read',
  activity_mark: 'one row: how far the figures of the overview were summed',
  activity_sums: 'sums behind the overview, which shows them',
  delivery_sums: 'sums behind the overview, which shows them',
  refused_webhooks: 'counts behind the overview, which shows them',
  cache_entries: 'a cache: nothing in it is worth a look',
  schema_migrations: 'which migrations ran, which readiness checks',
  schema_migrations_lock: 'the lock of the migrations',
};

let world: World;
let site: Console;
let data: Filled;
let browser: Browser;
beforeAll(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  data = await fillConsole(world);
  site = createConsole(world);
  browser = await site.visitor('administrator');
}, 60_000);
afterAll(async () => {
  await site.board.close();
  await world.close();
});

const tables = async (): Promise<string[]> =>
  (await world.db.raw(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)).rows.map(
    ({ name }: { name: string }) => name,
  );

describe('every table', () => {
  it('has a panel, or a reason why it has none', async () => {
    const known = new Set([...PANELS.map(({ table }) => table), ...Object.keys(WITHOUT_PANEL)]);
    expect((await tables()).filter((name) => !known.has(name))).toEqual([]);
  });

  it('that is named here is there, and has not both', async () => {
    const all = new Set(await tables());
    expect(
      [...PANELS.map(({ table }) => table), ...Object.keys(WITHOUT_PANEL)].filter((name) => !all.has(name)),
    ).toEqual([]);
    expect(PANELS.filter(({ table }) => Object.hasOwn(WITHOUT_PANEL, table)).map(({ table }) => table)).toEqual([]);
  });
});

describe('no panel', () => {
  it('reads a secret, a hash of one, or what is sealed, but to mask it', () => {
    const secret =
      /\b(secret_sealed|previous_sealed|totp_sealed|otp_sealed|key_hash|token_hash|password_hash|recovery_hashes|invitation_hash|account_hash|answer|body)\b(?! IS NULL)/;
    expect(PANELS.filter(({ select }) => secret.test(select)).map(({ path }) => path)).toEqual([]);
    const sealed = PANELS.filter(({ select }) => /\bsealed\b/.test(select));
    expect(sealed.map(({ path, complete }) => [path, complete !== undefined])).toEqual([
      ['transactions', true],
      ['beneficiaries', true],
    ]);
  });

  it('shows what stands behind the question mark of an address, the answer to a request, or the person of a row', async () => {
    const paths = [
      'endpoints',
      `endpoints/${data.endpoint}`,
      'deliveries',
      `deliveries/${data.delivery}`,
      'replays',
      'idempotency-keys',
      `bulks/${data.bulk}`,
      `bulk-rows?bulk=${data.bulk}`,
      `transactions/${data.settled}`,
    ];
    for (const path of paths) {
      const answer = await browser.get(`/admin/${path}`);
      expect([path, answer.status]).toEqual([path, 200]);
      const text = await answer.text();
      expect(text).not.toContain(ENDPOINT_TOKEN);
      expect(text).not.toMatch(/whsec_|\+256772\d{6}|Okello/);
    }
    expect(await (await browser.get(`/admin/endpoints/${data.endpoint}`)).text()).toContain(
      'https://shop.example/hooks?…',
    );
  });

  it('leaves out how a delivery went: each try with its time, outcome and answer', async () => {
    const text = await (await browser.get(`/admin/deliveries/${data.delivery}`)).text();
    for (const said of ['503', '412 ms', 'be back soon', 'timeout', '10000 ms']) expect(text).toContain(said);
  });
});
