// The provider's book: in order, exact, adding up, and found again after a restart.
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startSimulator } from '../../src/simulator/server.ts';
import { until } from '../support/until.ts';
import { type Rig, startReceiver, startRig } from './rig.ts';

interface Entry {
  readonly n: number;
  readonly kind: string;
  readonly reference?: string;
  readonly to?: string;
  readonly currency?: string;
  readonly delta?: string;
  readonly balance?: string;
}

const entriesOf = async (rig: Rig) =>
  (await rig.control('/book')).text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry);
const isQuiet = (rig: Rig) =>
  until(async () => (await rig.control('/outstanding')).at('waits') === 0, 'nothing is outstanding');

function stateFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'below', 'book.jsonl');
}

describe('the book', () => {
  it('keeps every acceptance, status and movement in order, numbered without a gap', async () => {
    const rig = await startRig();
    await rig.payOut('kept1', '+256712340000');
    await isQuiet(rig);
    const entries = await entriesOf(rig);
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, index) => index + 1));
    const after = entries.filter(({ n }) => n > 13).map(({ kind, to, delta }) => [kind, to ?? delta]);
    expect(after).toEqual([
      ['beneficiary', undefined],
      ['operation', undefined],
      ['wallet', '-3500'],
      ['status', 'failed'],
      ['wallet', '3500'],
    ]);
    expect((await rig.control('/book?format=array')).at()).toEqual(entries);
    const tail = await rig.control(`/book?from=${entries.length}`);
    expect(JSON.parse(tail.text)).toEqual(entries.at(-1));
  });

  it('adds up: balance = opening + control + moved, and the movements are what the operations did', async () => {
    const rig = await startRig();
    await rig.control('/faults', { outcome: { fails: 0.3, refunded: 0.2 }, settle: { refundMs: 1 } });
    await rig.control('/wallets', { UGX: '5000000' });
    for (let n = 0; n < 10; n += 1) await Promise.all([rig.collect(`in${n}`), rig.payOut(`out${n}`)]);
    await isQuiet(rig);
    const summary = await rig.control('/book/summary');
    const ugx = summary.at('currencies.UGX') as Record<string, string>;
    const figure = (name: string) => Number(ugx[name]);
    expect(figure('balance')).toBe(figure('opening') + figure('control') + figure('moved'));
    expect(figure('balance')).toBe(5_000_000 + figure('moved'));
    expect(figure('moved')).toBe(figure('collected') - figure('paidOut') - figure('payoutFees'));
    expect(figure('balance')).toBe(await rig.balance('UGX'));
    expect(figure('collected')).toBeGreaterThan(0);
    const entries = (await entriesOf(rig)).filter(({ currency, delta }) => currency === 'UGX' && delta !== undefined);
    let running = 0;
    for (const { delta, balance } of entries) {
      running += Number(delta);
      expect(running).toBe(Number(balance));
    }
  });

  it('tells operations without a reference apart, and counts them', async () => {
    const rig = await startRig();
    await rig.collect(undefined as never);
    await rig.collect(undefined as never);
    const summary = await rig.control('/book/summary');
    expect(summary.at('withoutReference')).toBe(2);
    const ids = (await rig.get('/transactions')).at('data.transactions') as { transactionId: string }[];
    expect(new Set(ids.map(({ transactionId }) => transactionId)).size).toBe(2);
  });
});

describe('a state file', () => {
  it('gives a restarted simulator its book, wallets, beneficiaries and used tokens back', async () => {
    const file = stateFile();
    const first = await startRig({ stateFile: file });
    const token = (await first.quote()).at('data.token');
    const body = { token, phoneNumber: '+256712345678', firstName: 'A', lastName: 'B', country: 'UG' };
    await first.post('/payouts', { ...body, transactionRef: 'stored1' });
    await first.collect('stored2');
    await first.post('/wallets/deactivate', { wallet: 'ZAR' });
    await isQuiet(first);
    const [book, wallets] = [await first.control('/book'), await first.get('/wallets')];
    const found = await first.get('/transactions/stored1');
    await first.simulator.close();
    const second = await startRig({ stateFile: file });
    expect((await second.control('/book')).text).toBe(book.text);
    expect((await second.get('/wallets')).text).toBe(wallets.text);
    expect((await second.get('/transactions/stored1')).text).toBe(found.text);
    expect((await second.get('/beneficiaries')).at('data.total')).toBe(1);
    const used = await second.post('/payouts', { ...body, transactionRef: 'stored3' });
    expect(used.at('message')).toBe('token already used');
    expect((await second.collect('stored2')).at('message')).toBe('transaction already exists');
    expect((await second.payOut('stored4')).status).toBe(200);
  });

  it('lets what was pending go on after a restart, and send its webhook then', async () => {
    const file = stateFile();
    const receiver = await startReceiver();
    const first = await startRig({ stateFile: file, settleMs: 60_000 });
    await first.control('/faults', { references: { ongoing1: { settleMs: 100 } } });
    await first.collect('ongoing1');
    await first.simulator.close();
    const second = await startRig({ stateFile: file, webhookUrl: receiver.url });
    expect(await second.executed('ongoing1')).toBe(1);
    await until(() => receiver.received.length === 1, 'its webhook has come');
    expect((await second.get('/transactions/ongoing1')).at('data.transactions.0.status')).toBe('successful');
  });

  it('gives a call after a restart luck of its own, not that of the first call before it', async () => {
    const file = stateFile();
    const luck = async () => {
      const rig = await startRig({ stateFile: file, orders: { submit: { error_before: 0.5 } } });
      const statuses = [];
      for (let n = 0; n < 30; n += 1) statuses.push((await rig.collect(`lucky${n}`)).status >= 500);
      await rig.simulator.close();
      return statuses;
    };
    const first = await luck();
    const second = await luck();
    // Whoever was unlucky and comes again must be able to be lucky.
    expect(second.filter((unlucky, n) => unlucky && first[n]).length).toBeLessThan(first.filter(Boolean).length);
  });

  it('has every entry before the call is answered, even when a fault eats the answer', async () => {
    const file = stateFile();
    const rig = await startRig({ stateFile: file, settleMs: null });
    await rig.control('/faults', { submit: { next: ['reset_after'] } });
    await expect(rig.collect('eaten1')).rejects.toThrow();
    expect(readFileSync(file, 'utf8')).toContain('"reference":"eaten1"');
  });

  it('loses only a line that was never finished, and continues after it', async () => {
    const file = stateFile();
    const first = await startRig({ stateFile: file });
    await first.collect('whole1');
    await isQuiet(first);
    await first.simulator.close();
    appendFileSync(file, '{"n":99,"kind":"opera');
    const second = await startRig({ stateFile: file });
    expect(await second.executed('whole1')).toBe(1);
    await second.collect('whole2');
    await second.simulator.close();
    const third = await startRig({ stateFile: file });
    expect(await third.executed('whole2')).toBe(1);
  });

  it('is left alone by a second simulator that finds the port taken', async () => {
    const file = stateFile();
    const first = await startRig({ stateFile: file });
    const other = stateFile();
    await expect(startSimulator({ port: first.simulator.port, stateFile: other })).rejects.toThrow(/EADDRINUSE/);
    expect(existsSync(other)).toBe(false);
  });

  it('that cannot be read stops the start with a sentence that says what to do', async () => {
    const file = stateFile();
    const first = await startRig({ stateFile: file });
    await first.simulator.close();
    writeFileSync(file, `nonsense\n${readFileSync(file, 'utf8')}`);
    await expect(startSimulator({ stateFile: file })).rejects.toThrow(
      /^Line 1 of the simulator's state file .* delete/,
    );
  });
});
