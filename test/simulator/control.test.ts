// The control calls: what they list, set, refuse and put back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CALL_FAULTS, CALL_GROUPS, OUTCOMES, WEBHOOK_FAULTS } from '../../src/simulator/fault-list.ts';
import { SUFFIXES } from '../../src/simulator/suffixes.ts';
import { SWITCHES } from '../../src/simulator/switches.ts';
import { until } from '../support/until.ts';
import { CREDENTIALS, call, startRig } from './rig.ts';

describe('GET /control', () => {
  it('prints every switch, fault, outcome and suffix with its meaning', async () => {
    const list = await (await startRig()).control('');
    for (const [part, names] of [
      ['switches', Object.keys(SWITCHES)],
      ['callFaults', Object.keys(CALL_FAULTS)],
      ['outcomes', Object.keys(OUTCOMES)],
      ['webhookFaults', Object.keys(WEBHOOK_FAULTS)],
      ['suffixes', [...SUFFIXES.keys()]],
    ] as const) {
      expect(Object.keys(list.at(part) as object).sort(), part).toEqual([...names].sort());
    }
    expect(list.at('switches')).toHaveProperty(['settle.ms'], expect.objectContaining({ now: 1, usual: 1000 }));
  });
});

it('is described in docs/simulator.md: every switch, fault, outcome and suffix with the same words', () => {
  const doc = readFileSync(join(import.meta.dirname, '../../docs/simulator.md'), 'utf8');
  const words = (what: string) => what.replaceAll('|', '\\|');
  const rows = [
    ...[...SUFFIXES].map(([suffix, { what }]) => `| \`${suffix}\` | ${words(what)} |`),
    ...Object.entries(CALL_FAULTS).map(([name, { stage, what }]) => `| \`${name}\` | ${stage} | ${words(what)} |`),
    ...Object.entries({ ...CALL_GROUPS, ...OUTCOMES }).map(([name, what]) => `| \`${name}\` | ${words(what)} |`),
    ...Object.entries(WEBHOOK_FAULTS).map(([name, what]) => `| \`${name}\` | ${words(what)} |`),
    ...Object.entries(SWITCHES).map(([name, { initial, what }]) => {
      return `| \`${name}\` | \`${words(JSON.stringify(initial))}\` | ${words(what)} |`;
    }),
  ];
  expect(rows.filter((row) => !doc.includes(row))).toEqual([]);
});

describe('POST /control/faults', () => {
  it.each([
    [{ nonsense: true }, 'nonsense must be an object'],
    [{ submit: { nonsense: 1 } }, 'submit.nonsense is neither a switch nor a fault: GET /control lists them'],
    [{ submit: { hang_after: 2 } }, 'submit.hang_after must be 0 to 1'],
    [{ webhook: { hang_after: 1 } }, 'webhook.hang_after is neither a switch nor a fault: GET /control lists them'],
    [{ strict_fields: 'yes' }, 'strict_fields must be true or false'],
    [{ settle: { ms: -1 } }, 'settle.ms must be a whole number or null'],
    [{ error_statuses: [200] }, 'error_statuses must be a list of 400 to 599'],
    [{ submit: { next: ['explode'] } }, 'submit.next: explode is not a call fault'],
    [{ submit: { latencyMs: [9, 1] } }, 'submit.latencyMs must be milliseconds, or [least, most]'],
    [
      { references: { po1: { outcome: 'wins' } } },
      'references.po1.outcome must be one of submit, lookup, outcome, webhook, settleMs, well-formed',
    ],
    [{ accounts: { x: { webhook: ['vanish'] } } }, 'accounts.x.webhook: vanish is not a webhook fault'],
  ])('refuses %j with a sentence and applies nothing', async (orders, message) => {
    const rig = await startRig();
    const answer = await rig.control('/faults', { otp: { exempt: false }, ...orders });
    expect([answer.status, answer.at('message')]).toEqual([400, message]);
    expect((await rig.control('')).at('switches')).toHaveProperty(['otp.exempt', 'now'], true);
  });

  it('revokes tokens, which are renewed with the same credentials', async () => {
    const rig = await startRig();
    expect((await rig.control('/faults', { token: { revoke: true } })).at('revoked')).toBe(1);
    expect((await rig.get('/account')).at('message')).toBe('invalid token');
    const token = (await call(`${rig.simulator.url}/auth/token`, { headers: CREDENTIALS })).at('token');
    const again = await call(`${rig.simulator.url}/account`, { headers: { authorization: `Bearer ${token}` } });
    expect(again.status).toBe(200);
  });

  it('gives tokens the life and the silence about it that were ordered', async () => {
    const rig = await startRig();
    await rig.control('/faults', { token: { ttlMs: 5_000, omitExpires: true } });
    const answer = await call(`${rig.simulator.url}/auth/token`, { headers: CREDENTIALS });
    expect(answer.at()).toEqual({ status: 200, token: expect.any(String) });
    const headers = { authorization: `Bearer ${answer.at('token')}` };
    expect((await call(`${rig.simulator.url}/account`, { headers })).status).toBe(200);
    await rig.control('/clock', { advanceMs: 5_000 });
    expect((await call(`${rig.simulator.url}/account`, { headers })).status).toBe(401);
  });

  it('demands an origin, on the token call too', async () => {
    const rig = await startRig();
    await rig.control('/faults', { required_origin: 'https://shop.example' });
    for (const path of ['/auth/token', '/account']) {
      const answer = await call(rig.simulator.url + path, { headers: CREDENTIALS });
      expect([answer.status, answer.at('message')]).toEqual([401, 'Invalid request origin']);
    }
    const headers = { ...CREDENTIALS, origin: 'https://shop.example' };
    expect((await call(`${rig.simulator.url}/auth/token`, { headers })).status).toBe(200);
  });

  it('limits the calls of a second', async () => {
    const rig = await startRig();
    await rig.control('/faults', { rate_limit_per_second: 3 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => rig.get('/account')));
    const limited = answers.filter(({ status }) => status === 429);
    // The twenty may fall into two seconds, hardly into three.
    expect(limited.length).toBeGreaterThanOrEqual(11);
    expect(limited[0]?.headers.get('retry-after')).toBe('1');
  });

  it('shapes error messages as an array or nested', async () => {
    const rig = await startRig();
    const wrong = { amount: 0, country: 'x' };
    await rig.control('/faults', { error_shape: 'array' });
    expect((await rig.collect('shape1', wrong)).at('message')).toEqual([
      'amount must be a positive number',
      'country must be a valid ISO31661 Alpha2 code',
    ]);
    await rig.control('/faults', { error_shape: 'nested' });
    expect((await rig.collect('shape1', wrong)).at('message')).toEqual({ message: 'amount must be a positive number' });
  });
});

describe('POST /control/reset', () => {
  it('puts switches, rates and plans back, and the book only when asked', async () => {
    const rig = await startRig();
    await rig.control('/faults', {
      submit: { error_after: 1 },
      settle: { ms: null },
      accounts: { a: { outcome: 'fails' } },
    });
    expect((await rig.collect('reset1')).status).toBe(500);
    expect((await rig.control('/reset', {})).at()).toMatchObject({ rates: {}, plans: 0, settings: { 'settle.ms': 1 } });
    expect((await rig.collect('reset2')).status).toBe(200);
    expect((await rig.control('/book/summary')).at('operations')).toBe(2);
    await rig.control('/reset', { book: true });
    expect((await rig.control('/book/summary')).at('operations')).toBe(0);
    expect((await rig.control('/log')).at()).toEqual([expect.objectContaining({ channel: 'control' })]);
    expect((await rig.get('/account')).status).toBe(401);
  });
});

describe('POST /control/transactions/{reference}', () => {
  it('moves the money with every forced change, and nothing happens by itself afterwards', async () => {
    const rig = await startRig({ settleMs: 30 });
    const before = await rig.balance('UGX');
    const moved = async () => (await rig.balance('UGX')) - before;
    const id = (await rig.collect('forced1')).at('data.transactionId');
    await rig.control(`/transactions/${id}`, { status: 'pending' });
    await until(async () => (await rig.control('/outstanding')).at('waits') === 0, 'its time is over');
    expect((await rig.get('/transactions/forced1')).at('data.transactions.0.status')).toBe('pending');
    await rig.control('/transactions/forced1', { status: 'successful', amount: '1500' });
    expect(await moved()).toBe(1500);
    await rig.control('/transactions/forced1', { refund: true });
    expect(await moved()).toBe(0);
    await rig.control('/transactions/forced1', { status: 'failed', refund: false });
    expect(await moved()).toBe(0);
  });

  it.each([
    [{ status: 'done' }, 'status must be successful, failed or pending'],
    [{ amount: '-5' }, 'amount must be a decimal text above zero'],
    [{ colour: 1 }, 'colour is not known: use status, reason, amount, refund, webhook, signature, times'],
    [{ webhook: {} }, 'there is no webhook address: POST /control/webhook-url first'],
  ])('refuses %j: %s', async (body, message) => {
    const rig = await startRig();
    await rig.collect('refused1');
    const answer = await rig.control('/transactions/refused1', body);
    expect([answer.status, answer.at('message')]).toEqual([400, message]);
  });

  it('knows nothing of a reference that is not in the book', async () => {
    const answer = await (await startRig()).control('/transactions/unknown1', { status: 'failed' });
    expect([answer.status, answer.at('message')]).toEqual([400, 'unknown1 is not in the book']);
  });
});

it('counts calls, so that refreshes, pins and look-ups can be held to a limit', async () => {
  const rig = await startRig();
  await rig.collect('counted1');
  await rig.get('/transactions/counted1');
  await rig.get('/transactions/counted1');
  expect((await rig.control('/calls')).at()).toMatchObject({
    token: { calls: 1 },
    submit: { calls: 1, keys: 1, most: 1 },
    lookup: { calls: 2, keys: 1, most: 2 },
  });
  expect((await rig.control('/calls?key=counted1')).at()).toMatchObject({ submit: 1, lookup: 2 });
});

it('refuses what it does not know, and wallets and addresses that make no sense', async () => {
  const rig = await startRig();
  expect((await rig.control('/nonsense')).status).toBe(404);
  expect((await rig.control('/wallets', { UGX: 'lots' })).status).toBe(400);
  expect((await rig.control('/webhook-url', { url: 'ftp://example' })).status).toBe(400);
  expect((await rig.control('/clock', { advanceMs: -1 })).status).toBe(400);
  const broken = await call(`${rig.simulator.controlUrl}/faults`, { method: 'POST', body: '{' });
  expect([broken.status, broken.at('message')]).toEqual([400, 'the body is not valid JSON']);
});
