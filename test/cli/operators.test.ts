// The operators' commands as they are typed: a process of their own, a database of this file's own.
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPassword, passwordProblem } from '../../src/admin/password.ts';
import { digest } from '../../src/vault.ts';
import { type Cli, cliOn } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let cli: Cli;

beforeAll(async () => {
  database = await createDatabase();
  cli = cliOn(database.url);
});
afterAll(() => database.close());

const merchant = async (name: string): Promise<string> =>
  (await cli(['merchants', 'create', '--name', name, '--json'])).json().id;
const audited = (subject: string) => database.db('audit_log').where({ subject }).orderBy('id');

describe('merchants, keys and wallets', () => {
  it('makes a merchant, a key that is shown once, and a funded wallet, each with its audit row', async () => {
    const id = await merchant('Acme Ltd');
    const key = (await cli(['keys', 'create', '--merchant', id, '--scopes', 'payouts:read', '--json'])).json();
    const fund = ['wallets', 'fund', '--merchant', id, '--currency', 'KES', '--amount', '21.71'];
    const wallet = (await cli([...fund, '--reason', 'opening', '--json'])).json();

    expect(key.secret).toMatch(/^ek_test_[0-9A-Za-z]{32}$/);
    const [stored] = await database.db('api_keys').where({ id: key.id });
    expect(stored.key_hash).toEqual(digest(key.secret));
    expect(stored.scopes).toEqual(['payouts:read']);
    expect(wallet).toMatchObject({ merchantId: id, currency: 'KES', available: '21.71', held: '0', owner: null });
    for (const [subject, action] of [
      [id, 'merchants.create'],
      [key.id, 'keys.create'],
      [wallet.id, 'wallets.fund'],
    ] as const) {
      const [row] = await audited(subject);
      expect(row).toMatchObject({ action, client_address: null });
      expect(row.actor).toMatch(/^cli:.+/);
      expect(JSON.stringify(row.detail)).not.toContain(key.secret);
    }
    expect((await audited(wallet.id))[0]).toMatchObject({ reason: 'opening', detail: { amount: '21.71' } });
    expect((await cli(['ledger', 'verify', '--json'])).json()).toMatchObject({ ok: true, problems: [] });
  });

  it('books a reference once, and says which option to change', async () => {
    const id = await merchant('Once Ltd');
    const fund = ['wallets', 'fund', '--merchant', id, '--currency', 'UGX', '--amount', '500', '--reason', 'r'];
    expect((await cli([...fund, '--reference', 'transfer-17'])).code).toBe(0);
    const second = await cli([...fund, '--reference', 'transfer-17']);
    expect(second).toMatchObject({ code: 2, stdout: '' });
    expect(second.stderr).toBe('--reference: It has been booked already; nothing was changed.\n');
    expect((await cli(['wallets', 'list', '--merchant', id, '--json'])).json()).toMatchObject([{ available: '500' }]);
  });

  it('rotates a key with an overlap, shows it, and says what is wrong with an overlap or a key', async () => {
    const id = await merchant('Rotating Ltd');
    const key = (await cli(['keys', 'create', '--merchant', id, '--allow', '203.0.113.0/24', '--json'])).json();
    const rotate = (...more: string[]) => cli(['keys', 'rotate', '--id', key.id, ...more, '--json']);
    const rotated = (await rotate('--overlap', '2h', '--reason', 'yearly')).json();
    expect(rotated).toMatchObject({ rotatedFrom: key.id, lineageId: key.id, allowedAddresses: ['203.0.113.0/24'] });
    expect(rotated.secret).not.toBe(key.secret);
    expect(Date.parse(rotated.oldExpiresAt) - Date.now()).toBeLessThanOrEqual(7_200_000);
    expect(await audited(rotated.id)).toMatchObject([
      { action: 'keys.rotate', reason: 'yearly', detail: { rotatedFrom: key.id, overlapMs: 7_200_000 } },
    ]);
    const shown = await cli(['keys', 'show', '--id', key.id]);
    expect(shown.stdout).toContain('last used');
    expect(shown.stdout).not.toContain(key.secret);
    expect((await rotate()).stderr).toContain('rotated already');
    expect((await rotate('--overlap', '2 hours')).stderr).toContain('--overlap: Give a number with its unit');
    expect((await rotate('--overlap', '31d')).code).not.toBe(0);
    expect((await cli(['keys', 'show', '--id', 'ak01M82WKF13J929WMA0Z3KP0NC1'])).stderr).toContain('no such API key');
  });

  it('erases a person, says what has to wait, and seals what is left anew', async () => {
    const id = await merchant('Forgetting Ltd');
    const erase = ['persons', 'erase', '--merchant', id, '--account', '+256712345678', '--reason', 'asked for'];
    expect((await cli([...erase, '--json'])).json()).toEqual({ merchantId: id, erased: 0, postponed: [] });
    const [row] = await audited(id).where({ action: 'personal_data.erase' });
    expect(row).toMatchObject({ reason: 'asked for', detail: { subjects: [] } });
    const nobody = erase.with(3, 'me01M82WKF13J929WMA0Z3KP0NC1');
    expect((await cli(nobody)).stderr).toContain('There is no merchant');
    const rotated = await cli(['personal-data', 'rotate', '--json']);
    expect([rotated.code, rotated.json().resealed]).toEqual([0, expect.objectContaining({ personal_data: 0 })]);
    expect((await cli(['ledger', 'rebuild', '--json'])).json()).toMatchObject({ ok: true, foreignPostings: '0' });
  });

  it('revokes a key for good, and freezes and reopens a wallet', async () => {
    const id = await merchant('Frozen Ltd');
    const key = (await cli(['keys', 'create', '--merchant', id, '--json'])).json();
    const fund = ['wallets', 'fund', '--merchant', id, '--currency', 'UGX', '--amount', '500', '--reason', 'r'];
    const wallet = (await cli([...fund, '--json'])).json();
    const revoke = ['keys', 'revoke', '--id', key.id, '--reason', 'leaked', '--json'];
    expect((await cli(revoke)).json()).toEqual({ id: key.id, revoked: true });
    expect((await database.db('api_keys').where({ id: key.id }).first()).revoked_at).not.toBeNull();
    const freeze = ['wallets', 'freeze', '--wallet', wallet.id, '--reason', 'fraud', '--json'];
    expect((await cli(freeze)).json()).toEqual({ id: wallet.id, status: 'frozen', changed: true });
    expect((await database.db('wallets').where({ id: wallet.id }).first()).frozen_at).not.toBeNull();
    const thaw = ['wallets', 'unfreeze', '--wallet', wallet.id, '--reason', 'cleared', '--json'];
    expect((await cli(thaw)).json()).toEqual({ id: wallet.id, status: 'active', changed: true });
    expect((await audited(wallet.id)).map((row) => row.action)).toEqual([
      'wallets.fund',
      'wallets.freeze',
      'wallets.unfreeze',
    ]);
  });
});

describe('wrong input', () => {
  const ID = 'me01JD2E8Y6Q5V3ZABCDEFGHJKMN';
  const FUND = ['wallets', 'fund', '--merchant', ID, '--currency', 'UGX', '--amount', '5', '--reason', 'r'];
  const without = (option: string) => FUND.filter((_, at) => FUND[at] !== option && FUND[at - 1] !== option);
  const having = (option: string, value: string) => [...without(option), option, value];
  const WRONG: readonly (readonly [option: string | null, args: readonly string[]])[] = [
    ['--amount', having('--amount', '5.5')],
    ['--amount', without('--amount')],
    ['--to', [...FUND, '--to', 'me']],
    ['--name', ['merchants', 'create', '--name', '\u202e']],
    ['--ceiling', ['fees', 'add', '--type', 'payout', '--basis', 'cost_plus', '--currency', 'UGX']],
    ['--phone', ['transactions', 'find']],
    [null, FUND], // a merchant that is not there
    [null, ['wallets']],
    [null, ['walets', 'fund']],
  ];

  it('is told in one sentence that names the option, ends with 2 and does nothing', async () => {
    const count = async () => (await database.db('audit_log').count().first())?.['count'];
    const before = await count();
    const left = [...WRONG];
    const work = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [option, args] = next;
        const ran = await cli(args);
        expect({ args, code: ran.code, stdout: ran.stdout }).toEqual({ args, code: 2, stdout: '' });
        expect(ran.stderr).toMatch(/^[^\n]+[.?)]\n$/);
        if (option !== null) expect(ran.stderr).toContain(option);
      }
    };
    await Promise.all([work(), work(), work()]);
    expect(await count()).toEqual(before);
  }, 60_000);

  it('is one JSON value too with --json', async () => {
    const ran = await cli([...having('--amount', '5.5'), '--json']);
    expect(ran.code).toBe(2);
    expect(ran.json()).toEqual({
      error: { code: 'wrong_option', option: '--amount', message: '--amount: UGX has no decimals.' },
    });
  });
});

describe('administrators', () => {
  it('are given a password that is shown once and stored as scrypt, and sessions that end with them', async () => {
    const ran = await cli(['admins', 'create', '--email', 'Ada@Example.com', '--role', 'operator', '--json']);
    const { id, email, password } = ran.json();
    expect(email).toBe('ada@example.com');
    const hash = async () => (await database.db('administrators').where({ id }).first()).password_hash;
    expect(await hash()).toMatch(/^scrypt\$N=32768,r=8,p=3\$/);
    expect(await checkPassword(password, await hash())).toEqual({ right: true, outdated: false });
    const session = { token_hash: digest('a'), administrator_id: id };
    await database.db('admin_sessions').insert(session);

    const of = ['--email', 'ada@example.com', '--json'];
    const fresh = (await cli(['admins', 'password', ...of])).json();
    expect((await checkPassword(password, await hash())).right).toBe(false);
    expect((await checkPassword(fresh.password, await hash())).right).toBe(true);
    expect(await database.db('admin_sessions').where({ administrator_id: id })).toEqual([]);

    await database.db('admin_sessions').insert(session);
    expect((await cli(['admins', 'disable', ...of])).json()).toEqual({ id, email, changed: true });
    expect(await database.db('admin_sessions').where({ administrator_id: id })).toEqual([]);
    expect((await audited(id)).map((row) => row.action)).toEqual([
      'admins.create',
      'admins.password',
      'admins.disable',
    ]);
    expect(inspect(await audited(id))).not.toContain('ada@');
  });

  it('may bring their own password, if it is long and varied enough', async () => {
    const create = ['admins', 'create', '--email', 'grace@example.com', '--role', 'viewer', '--password-stdin'];
    for (const chosen of ['too short', 'aaaaaaaaaaaaaaaaaaaa', 'my name is grace hopper', 'x'.repeat(257)])
      expect(passwordProblem(chosen, 'grace@example.com')).toMatch(/\.$/);
    const refused = await cli(create, { input: 'too short\n' });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toBe('--password-stdin: Give 15 to 256 characters.\n');
    const ran = await cli([...create, '--json'], { input: 'correct horse battery staple\n' });
    expect(ran.json()).not.toHaveProperty('password');
    const { password_hash: hash } = await database.db('administrators').where({ id: ran.json().id }).first();
    expect((await checkPassword('correct horse battery staple', hash)).right).toBe(true);
  });
});

describe('fee schedules', () => {
  it('are versioned per scope and never changed', async () => {
    const add = [
      'fees',
      'add',
      '--type',
      'payout',
      '--currency',
      'GHS',
      '--percent',
      '1.25',
      '--flat',
      '0.5',
      '--json',
    ];
    const first = (await cli(add)).json();
    const second = (await cli([...add, '--commission', '20'])).json();
    expect(first).toMatchObject({ version: 1, percent: '1.25', flat: '0.5', commission: '0', merchantId: null });
    expect(second).toMatchObject({ version: 2, commission: '20' });
    const listed = (await cli(['fees', 'list', '--json'])).json();
    expect(listed).toContainEqual(first);
    expect(listed).toContainEqual(second);
  });
});
