// `cases resolve` as it is typed: what it shows, that it asks, and what two operators at once are told.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createPayout } from '../../src/payouts/create.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { advance } from '../../src/transactions/advance.ts';
import { flows } from '../../workers/webhook.ts';
import { type Cli, cliOn } from '../support/cli.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let simulator: Simulator;
let cli: Cli;
let id: string;
let caseId: string;

beforeAll(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  await world.fund('UGX', 10_000_000n);
  simulator = await startSimulator({});
  const run = cliOn(world.config.DATABASE_URL);
  const env = {
    EVERSEND_BASE_URL: simulator.url,
    EVERSEND_CLIENT_ID: 'simulator-client',
    EVERSEND_CLIENT_SECRET: 'simulator-secret',
  };
  cli = (args, of = {}) => run(['cases', ...args], { ...of, env: { ...env, ...of.env } });
});
afterAll(async () => {
  await simulator.close();
  await world.close();
});

/** A payout that may have been sent, of which the simulator knows nothing. */
beforeEach(async () => {
  world.provider.onSubmit = () => ({ kind: 'unknown', code: 'timeout', message: 'lost' });
  id = JSON.parse((await createPayout(world, world.caller, world.request(), NEW_PAYOUT)).body).id;
  const ring = () => advance(world, flows.payout, id, { cause: 'worker', actor: 'worker', insists: false });
  await ring();
  await world
    .db('transactions')
    .where({ id })
    .update({ created_at: world.db.raw("now() - interval '2 days'") });
  await world.makeDue();
  await ring();
  caseId = (await world.db('cases').where({ subject: id }).first()).id;
});

const resolve = (decision: string, ...more: string[]) => [
  'resolve',
  caseId,
  '--as',
  decision,
  '--reason',
  'asked',
  ...more,
];
const stateOf = async () => (await world.db('transactions').where({ id }).first()).state;

it('shows case, provider’s word, state and entries, and writes nothing unless it is told yes', async () => {
  const listed = (await cli(['list', '--json'])).json().find((one: { id: string }) => one.id === caseId);
  expect(listed).toMatchObject({ kind: 'outcome_unknown', owner: 'operations', amount: '1000', age: '0 min' });
  expect((await cli(['show', '--id', caseId, '--json'])).json().decisions).toEqual(['settled', 'failed']);
  for (const input of ['', 'no\n', 'y\n']) {
    const ran = await cli(resolve('failed', '--json'), { input });
    expect([ran.code, ran.json()]).toEqual([1, { resolved: false }]);
    expect(ran.stderr).toMatch(/the provider +not_found/);
    expect(ran.stderr).toMatch(/in_review → failed/);
    expect(ran.stderr).toMatch(new RegExp(`${id}:release .*:held +-1 000\\.00`));
  }
  expect(await stateOf()).toBe('in_review');
  const ran = await cli(resolve('failed', '--by', 'jane', '--json'), { input: 'yes\n' });
  expect([ran.code, ran.json()]).toMatchObject([
    0,
    {
      resolved: true,
      status: 'failed',
      provider: 'not_found',
      case: { resolvedBy: 'operator:jane', resolution: 'failed: asked' },
      entries: [{ reference: `${id}:release`, currency: 'UGX' }],
    },
  ]);
  expect(await stateOf()).toBe('failed');
  expect(await world.db('audit_log').where({ subject: caseId }).first()).toMatchObject({
    actor: 'operator:jane',
    detail: { via: expect.stringMatching(/^cli:/) },
  });
});

it('demands a flag against the provider’s word, and while it cannot be asked', async () => {
  const against = await cli(resolve('settled', '--yes', '--json'));
  expect([against.code, against.json().error.code]).toEqual([1, 'against_the_provider']);
  expect(against.stderr).toMatch(/^The provider does not find it\. .*--against-the-provider.*\n$/);
  const away = { EVERSEND_BASE_URL: 'http://127.0.0.1:1/v1' };
  const unasked = await cli(resolve('failed', '--yes'), { env: away });
  expect([unasked.code, unasked.stderr]).toEqual([
    1,
    expect.stringMatching(/^The provider cannot be asked right now\./),
  ]);
  expect(await stateOf()).toBe('in_review');
  expect((await cli(resolve('settled', '--yes', '--against-the-provider'))).code).toBe(0);
  expect(await stateOf()).toBe('settled');
});

it('tells whoever comes second what was decided, and ends with 1', async () => {
  const flags = ['--yes', '--against-the-provider', '--json'];
  const both = await Promise.all([
    cli(resolve('failed', '--by', 'jane', ...flags)),
    cli(resolve('settled', '--by', 'john', ...flags)),
  ]);
  expect(both.map((ran) => ran.code).toSorted()).toEqual([0, 1]);
  const second = both.find((ran) => ran.code === 1)?.json();
  const now = await stateOf();
  expect(second).toMatchObject({ resolved: false, code: 'conflict', case: { resolution: `${now}: asked` } });
  const posted = await world.db('journal_entries').where({ transaction_id: id }).whereNot({ kind: 'hold' });
  expect(posted).toHaveLength(1);
});

it('says which option is wrong', async () => {
  for (const [args, sentence] of [
    [['resolve', 'nonsense', '--as', 'failed', '--reason', 'r'], /^<case>: Give an id such as ca01J…\./],
    [resolve('lost'), /^--as: Give one of settled, failed/],
    [resolve('kept', '--yes'), /^--as: A case of the kind outcome_unknown takes settled, failed, acknowledged\./],
    [resolve('failed', '--by', 'a b'), /^--by: /],
  ] as const) {
    const ran = await cli(args);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(sentence)]);
  }
});
