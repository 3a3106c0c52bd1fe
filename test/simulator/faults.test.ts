// That every fault breaks what it says it breaks, and that the book is exact about what was executed all the same.
import { describe, expect, it } from 'vitest';
import { CALL_FAULTS, type CallFault } from '../../src/simulator/fault-list.ts';
import { SUFFIXES } from '../../src/simulator/suffixes.ts';
import { until } from '../support/until.ts';
import { type Answer, type Rig, startRig } from './rig.ts';

/** Hangs and waits made short, so that a broken connection is seen at once. */
const SHORT = { hang_ms: 20, slow_ms: 20, settle: { lateMs: 1, refundMs: 1 }, webhook: { delayMs: 1 } };

async function shortRig(orders: object = {}): Promise<Rig> {
  const rig = await startRig();
  const ordered = await rig.control('/faults', { ...SHORT, ...orders });
  expect(ordered.status, ordered.text).toBe(200);
  return rig;
}

/** The answer, or null when the connection broke. */
const orBroken = (answer: Promise<Answer>): Promise<Answer | null> => answer.catch(() => null);

interface Expected {
  readonly status?: number;
  readonly message?: string;
  readonly broken?: true;
  readonly also?: (answer: Answer) => void;
}

const CALLS: Readonly<Record<CallFault, Expected>> = {
  error_before: { status: 500, message: 'An error has occurred' },
  html_before: { status: 502, also: ({ text }) => expect(text).toMatch(/^<html>/) },
  reset_before: { broken: true },
  hang_before: { broken: true },
  slow_before: { status: 200 },
  rate_limit: { status: 429, also: ({ headers }) => expect(headers.get('retry-after')).toBe('1') },
  unauthorized: { status: 401, message: 'invalid token' },
  wrong_origin: { status: 401, message: 'Invalid request origin' },
  forbidden: { status: 403 },
  not_found: { status: 404 },
  payment_required: { status: 402, message: 'insufficient balance' },
  already_exists: { status: 400, message: 'transaction already exists' },
  redirect: { status: 307, also: ({ headers }) => expect(headers.get('location')).toMatch(/^http/) },
  error_after: { status: 500, message: 'An error has occurred' },
  html_after: { status: 502 },
  reset_after: { broken: true },
  hang_after: { broken: true },
  slow_after: { status: 200 },
  payment_required_after: { status: 402 },
  truncated: { broken: true },
  cut_json: { status: 200, also: ({ text }) => expect(() => JSON.parse(text)).toThrow() },
  empty: { status: 200, also: ({ text }) => expect(text).toBe('') },
  not_json: { status: 200, also: ({ text }) => expect(text).toBe('OK') },
  error_in_200: { status: 200, also: (answer) => expect(answer.at('success')).toBe(false) },
  huge: { status: 200, also: ({ text }) => expect(text.length).toBe(1_000_014) },
  gzip_bomb: { status: 200, also: ({ text }) => expect(text.length).toBe(2_000_000) },
  drip: { broken: true },
  wrong_amount: { status: 200, also: (answer) => expect(answer.at('data.transaction.amount')).toBe(1001) },
  wrong_currency: { status: 200, also: (answer) => expect(answer.at('data.transaction.currency')).toBe('USD') },
  wrong_reference: {
    status: 200,
    also: (answer) => expect(answer.at('data.transaction.transactionRef')).toMatch(/^other/),
  },
};

/** Done although the stage says before: it was only late. */
const LATE: readonly CallFault[] = ['slow_before'];

describe('a call fault', () => {
  it.each(Object.keys(CALL_FAULTS) as CallFault[])(
    '%s breaks the answer and tells the book the truth',
    async (fault) => {
      const step = fault === 'huge' ? 'huge:1' : fault === 'gzip_bomb' ? 'gzip_bomb:2' : fault;
      const rig = await shortRig({ references: { broken1: { submit: [step] } } });
      const { status, message, broken, also } = CALLS[fault];
      const answer = await orBroken(rig.payOut('broken1'));
      if (broken) expect(answer).toBeNull();
      else {
        expect(answer?.status).toBe(status);
        if (message !== undefined) expect(answer?.at('message')).toBe(message);
        if (answer) also?.(answer);
      }
      const isDone = CALL_FAULTS[fault].stage === 'after' || LATE.includes(fault);
      expect(await rig.executed('broken1')).toBe(isDone ? 1 : 0);
      const second = await rig.payOut('broken1');
      expect(second.at('message') ?? 'accepted').toBe(isDone ? 'transaction already exists' : 'accepted');
    },
  );

  it('takes an argument: the status, the wait, the Retry-After', async () => {
    const rig = await shortRig({ references: { told1: { submit: ['error_before:503', 'rate_limit:7', 'none'] } } });
    const first = await rig.payOut('told1');
    expect([first.status, first.at('message')]).toEqual([503, 'service under maintenance']);
    expect((await rig.payOut('told1')).headers.get('retry-after')).toBe('7');
    expect((await rig.payOut('told1')).status).toBe(200);
  });

  it('on other calls than submitting is ordered by their group', async () => {
    const rig = await shortRig({ quotation: { error_before: 1 }, other: { next: ['forbidden', 'none'] } });
    expect((await rig.quote()).status).toBe(500);
    expect((await rig.get('/wallets')).status).toBe(403);
    expect((await rig.get('/wallets')).status).toBe(200);
    await rig.control('/faults', { list: { wrong_amount: 1 }, lookup: { wrong_reference: 1 } });
    await rig.collect('listed1');
    expect((await rig.get('/transactions')).at('data.transactions.0.amount')).toBe('2001');
    expect((await rig.get('/transactions/listed1')).at('data.transactions.0.transactionRef')).toBe('otherlisted1');
  });

  it('of a delayed request is carried out later although its caller has left', async () => {
    const rig = await shortRig({ references: { delayed1: { submit: ['slow_before:60'] } } });
    const token = (await rig.quote()).at('data.token');
    const leaving = new AbortController();
    const body = JSON.stringify({
      token,
      transactionRef: 'delayed1',
      phoneNumber: '+256712345678',
      firstName: 'A',
      lastName: 'B',
      country: 'UG',
    });
    const request = fetch(`${rig.simulator.url}/payouts`, {
      method: 'POST',
      headers: { authorization: rig.authorization },
      body,
      signal: leaving.signal,
    });
    await until(async () => (await rig.control('/calls?key=delayed1')).at('submit') === 1, 'the call has arrived');
    leaving.abort();
    await expect(request).rejects.toThrow();
    expect(await rig.executed('delayed1')).toBe(0);
    await until(async () => (await rig.executed('delayed1')) === 1, 'it is executed all the same');
  });

  it('that delays a payout beyond its quotation leaves it unexecuted: the token had expired when it arrived', async () => {
    const rig = await shortRig({
      quotation: { ttlMs: 30 },
      references: { overtaken1: { submit: ['slow_before:60'] } },
    });
    const answer = await rig.payOut('overtaken1');
    expect([answer.at('message'), await rig.executed('overtaken1')]).toEqual(['token expired', 0]);
  });
});

describe('the latency of a group', () => {
  it('passes before anything is done', async () => {
    const rig = await shortRig({ submit: { latencyMs: [40, 60] } });
    const started = performance.now();
    expect((await rig.collect('latent1')).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(38);
  });
});

describe('a rate', () => {
  it('of one concerns every call, of a part roughly that part, and never half a call', async () => {
    const rig = await shortRig({ submit: { error_before: 0.3, error_after: 0.2 } });
    const references = Array.from({ length: 200 }, (_, n) => `rated${n}`);
    const answers = await Promise.all(references.map((reference) => rig.collect(reference)));
    const failed = answers.filter(({ status }) => status === 500).length;
    const summary = await rig.control('/book/summary');
    const executed = Number(summary.at('operations'));
    expect(failed).toBeGreaterThan(70);
    expect(failed).toBeLessThan(130);
    expect(executed).toBeGreaterThan(110);
    expect(executed).toBeLessThan(170);
    expect(executed).toBeGreaterThan(200 - failed);
  });

  it('is drawn anew on the next call of the same reference, so that before-faults pass', async () => {
    const rig = await shortRig({ submit: { error_before: 0.5 } });
    for (let n = 0; n < 10; n += 1) {
      await until(async () => (await rig.collect(`again${n}`)).status === 200, 'the collection is accepted');
      expect(await rig.executed(`again${n}`)).toBe(1);
    }
  });
});

describe('an outcome', () => {
  const follow = (rig: Rig, reference: string, wanted: object) =>
    until(
      async () => {
        const answer = await rig.get(`/transactions/${reference}`);
        expect(answer.at('data.transactions.0')).toMatchObject(wanted);
        return true;
      },
      `${reference} is ${JSON.stringify(wanted)}`,
    );

  it.each([
    ['fails', { status: 'failed', isRefunded: true }, 0],
    ['fails_unrefunded', { status: 'failed', isRefunded: false }, -3500],
    ['stays_pending', { status: 'pending' }, -3500],
    ['late_success', { status: 'successful', isRefunded: false }, -3500],
    ['refunded', { status: 'successful', isRefunded: true }, 0],
    ['reversed', { status: 'failed', isRefunded: true }, 0],
    ['other_amount', { status: 'successful', amount: '999' }, -3499],
    ['instant', { status: 'successful' }, -3500],
    ['same_id', { status: 'successful' }, -3500],
  ])('%s leaves a payout %j and the wallet exact', async (outcome, wanted, moved) => {
    const rig = await shortRig({ accounts: { '+256712345678': { outcome } } });
    const before = await rig.balance('UGX');
    const answer = await rig.payOut('course1');
    expect(answer.at('data.transaction.status')).toBe(outcome === 'instant' ? 'successful' : 'pending');
    await follow(rig, 'course1', wanted);
    expect((await rig.balance('UGX')) - before).toBe(moved);
  });

  it('late_success and refunded move a collection there and back', async () => {
    const rig = await shortRig();
    const before = await rig.balance('UGX');
    await rig.collect('late1', { phone: '+256712340013' });
    await follow(rig, 'late1', { status: 'successful' });
    expect(await rig.balance('UGX')).toBe(before + 2000);
    await rig.collect('back1', { phone: '+256712340014' });
    await follow(rig, 'back1', { status: 'successful', isRefunded: true });
    expect(await rig.balance('UGX')).toBe(before + 2000);
  });

  it('processing shows a word the docs do not know until it is over', async () => {
    const rig = await shortRig({ settle: { ms: null } });
    expect((await rig.payOut('word1', '+256712340029')).at('data.transaction.status')).toBe('processing');
    expect((await rig.get('/transactions/word1')).at('data.transactions.0.status')).toBe('processing');
    await rig.control('/transactions/word1', { status: 'successful' });
    await follow(rig, 'word1', { status: 'successful' });
  });

  it('same_id gives two references one transactionId', async () => {
    const rig = await shortRig();
    const one = await rig.payOut('shared1', '+256712340043');
    const two = await rig.payOut('shared2', '+256712340043');
    const id = one.at('data.transaction.transactionId');
    expect(two.at('data.transaction.transactionId')).toBe(id);
    expect((await rig.get(`/transactions/${id}`)).at('data.transactions.0.transactionRef')).toBe('shared1');
    expect((await rig.get('/transactions/shared2')).at('data.transactions.0.transactionRef')).toBe('shared2');
  });

  it('of a refund keeps the fee when the provider does not return its charge', async () => {
    const rig = await shortRig({ refund_returns_charge: false });
    const before = await rig.balance('UGX');
    await rig.payOut('charged1', '+256712340014');
    await follow(rig, 'charged1', { isRefunded: true });
    expect((await rig.balance('UGX')) - before).toBe(-2500);
  });
});

describe('a suffix', () => {
  it.each([...SUFFIXES].filter(([, { submit }]) => submit !== undefined))(
    '%s orders its call fault, and once means once',
    async (suffix, { submit, once }) => {
      const rig = await shortRig();
      const phone = `+25671234${suffix}`;
      await orBroken(rig.payOut('suffix1', phone));
      const [entry] = (await rig.control('/log?key=suffix1&channel=call')).at() as { detail: { fault: string } }[];
      expect(entry?.detail.fault).toBe(submit);
      if (once) expect((await rig.payOut('suffix1', phone)).at('code')).toBeTypeOf('number');
      if (once) expect(await rig.executed('suffix1')).toBe(1);
    },
  );

  it('of a bank account counts as that of a phone does, and can be switched off', async () => {
    const rig = await shortRig();
    const bank = { type: 'bank' };
    const body = (token: unknown, transactionRef: string) => ({
      token,
      transactionRef,
      firstName: 'A',
      lastName: 'B',
      country: 'UG',
      phoneNumber: '+256712345678',
      bankCode: '14',
      bankName: 'Example Trust Bank',
      bankAccountName: 'A B',
      bankAccountNumber: '1234560031',
    });
    const token = (await rig.quote(bank)).at('data.token');
    expect((await rig.post('/payouts', body(token, 'account1'))).status).toBe(403);
    await rig.control('/faults', { suffix_faults: false });
    expect((await rig.post('/payouts', body(token, 'account1'))).status).toBe(200);
  });
});
