// The simulator as a process of its own: its one line, its environment, its end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startSimulator } from '../../src/simulator/server.ts';
import { SURROUNDINGS } from '../support/surroundings.ts';
import { until } from '../support/until.ts';
import { call } from './rig.ts';

interface Run {
  readonly child: ChildProcess;
  out: string;
  err: string;
}

function run(environment: Record<string, string>): Run {
  const child = spawn(process.execPath, ['src/simulator/main.ts'], {
    env: { ...SURROUNDINGS, ...environment },
  });
  const result: Run = { child, out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    result.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    result.err += String(chunk);
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return result;
}

const addressOf = (simulator: Run) =>
  until(() => /Simulated Eversend at (http:\/\/127\.0\.0\.1:\d+\/v1)/.exec(simulator.out)?.[1], 'it says where it is');
const codeOf = async ({ child }: Run) => child.exitCode ?? (await once(child, 'exit'))[0];

it.each(['SIGTERM', 'SIGINT'] as const)('says in one line where it is, and ends cleanly on %s', async (signal) => {
  const simulator = run({ SIMULATOR_PORT: '0' });
  await addressOf(simulator);
  simulator.child.kill(signal);
  expect(await codeOf(simulator)).toBe(0);
  expect([simulator.out.trim().split('\n').length, simulator.err]).toEqual([1, '']);
});

it('takes credentials, secret key and switches from its environment', async () => {
  const simulator = run({
    SIMULATOR_PORT: '0',
    EVERSEND_CLIENT_ID: 'mine',
    EVERSEND_CLIENT_SECRET: 'hidden',
    EVERSEND_API_KEY: 'fixed-key',
    SIMULATOR_OTP_EXEMPT: 'true',
    SIMULATOR_SETTLE_MS: '7',
    SIMULATOR_TOKEN_TTL_MS: '60000',
    SIMULATOR_FAULTS: '{"suffix_faults": false, "lookup": {"flat": true, "error_before": 0.5}}',
  });
  const url = await addressOf(simulator);
  const token = await call(`${url}/auth/token`, { headers: { clientId: 'mine', clientSecret: 'hidden' } });
  expect(Date.parse(String(token.at('expires'))) - Date.now()).toBeLessThanOrEqual(60_000);
  expect((await call(`${url}/account`, { headers: { authorization: 'Bearer fixed-key' } })).status).toBe(200);
  const list = await call(url.replace('/v1', '/control'));
  const now = (name: string) => (list.at('switches') as Record<string, { now: unknown }>)[name]?.now;
  expect(['otp.exempt', 'settle.ms', 'suffix_faults', 'lookup.flat'].map(now)).toEqual([true, 7, false, true]);
  const reset = await call(url.replace('/v1', '/control/reset'), { method: 'POST', body: '{}' });
  expect(reset.at('rates')).toEqual({ lookup: { error_before: 0.5 } });
});

it('finds its book again after it was killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const environment = {
    SIMULATOR_PORT: '0',
    SIMULATOR_STATE_FILE: join(folder, 'book.jsonl'),
    SIMULATOR_OTP_EXEMPT: 'true',
    EVERSEND_API_KEY: 'fixed-key',
  };
  const first = run(environment);
  const body = { phone: '+256712345678', amount: 2000, country: 'UG', currency: 'UGX', transactionRef: 'killed1' };
  const headers = { authorization: 'Bearer fixed-key' };
  const collect = async (simulator: Run) =>
    call(`${await addressOf(simulator)}/collections/momo`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect((await collect(first)).status).toBe(200);
  first.child.kill('SIGKILL');
  await codeOf(first);
  expect((await collect(run(environment))).at('message')).toBe('transaction already exists');
});

it('says in one sentence that its port is taken, and which variable is wrong, and exits with 1', async () => {
  const other = await startSimulator();
  onTestFinished(() => other.close());
  for (const [environment, sentence] of [
    [
      { SIMULATOR_PORT: String(other.port) },
      `Port ${other.port} is already in use: stop what listens there, or set SIMULATOR_PORT to another port.\n`,
    ],
    [{ SIMULATOR_PORT: 'high' }, 'SIMULATOR_PORT must be a whole number, not high.\n'],
    [{ SIMULATOR_OTP_EXEMPT: 'yes' }, 'SIMULATOR_OTP_EXEMPT must be true or false, not yes.\n'],
    [{ EVERSEND_WEBHOOK_ALGORITHM: 'md5' }, 'EVERSEND_WEBHOOK_ALGORITHM must be sha512 or sha256, not md5.\n'],
    [{ SIMULATOR_FAULTS: '{"odd": {"x": 1}}' }, /^SIMULATOR_FAULTS cannot be used: odd.x is neither .*\n$/],
    [{ SIMULATOR_FAULTS: '{' }, 'SIMULATOR_FAULTS must be JSON, such as {"submit": {"hang_after": 0.1}}.\n'],
    [{ SIMULATOR_WEBHOOK_URL: 'here' }, 'the webhook address must be http(s), not here\n'],
  ] as const) {
    const simulator = run(environment as unknown as Record<string, string>);
    expect(await codeOf(simulator)).toBe(1);
    expect(simulator.err).toMatch(sentence);
    expect(simulator.out).toBe('');
  }
});
