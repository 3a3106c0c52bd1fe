// The demo's caller: one payment under one key, however often the system goes away; and the verdict on what came of it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLE_FILE } from '../../samples/generate.ts';
import { outcomeTable, rowProblems, surprises } from '../../samples/outcome.ts';
import { readRows } from '../../samples/rows.ts';
import { Hopeless, Run, type Transaction } from '../../samples/run.ts';
import { createClient } from '../../src/client/client.ts';

interface Seen {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: Record<string, unknown>;
}

const rows = readRows(SAMPLE_FILE);
const good = rows.find((row) => row.expect === 'ok' && row.type === 'payout' && row.ends === 'settled');
const pinned = rows.find((row) => row.expect === 'ok' && row.type === 'collection' && row.pin !== '');
const bad = rows.find((row) => row.expect === 'amount:not_positive');
if (good === undefined || pinned === undefined || bad === undefined) throw new Error('the sample lacks a row');

let seen: Seen[];
let turn: (seen: Seen, response: ServerResponse, call: number) => void;
let url: string;
let close: () => Promise<void>;

beforeEach(async () => {
  seen = [];
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { url: path = '', headers } = request;
    const one = { path, key: headers['idempotency-key'] as string | undefined, body: text ? JSON.parse(text) : {} };
    seen.push(one);
    turn(one, response, seen.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => new Promise((resolve) => server.close(() => resolve()));
});
afterEach(() => close());

const say = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const transaction = (id: string, status: Transaction['status']) => ({
  id,
  status,
  createdAt: new Date().toISOString(),
  failure: null,
});
const runOf = (some: readonly (typeof rows)[number][]) =>
  new Run(createClient({ baseUrl: url, apiKey: 'ek_test_x', deadlineMs: 10_000 }), some, 'abcd1234');

describe('a run', () => {
  it('repeats a payment under the same key while the system restarts or is busy, and follows it to its end', async () => {
    turn = (one, response, call) => {
      if (one.path.startsWith('/v1/transactions')) {
        say(response, 200, { data: [transaction('po1', 'settled')], nextCursor: null });
      } else if (call === 1) response.destroy();
      else if (call === 2) say(response, 503, { code: 'unavailable', detail: '' });
      else if (call === 3) say(response, 409, { code: 'request_in_progress', detail: '' });
      else say(response, 202, transaction('po1', 'accepted'));
    };
    const run = runOf([good]);
    const sending = run.send(4);
    await Promise.all([sending, run.follow(sending, 5_000)]);
    const sent = seen.filter((one) => one.path === '/v1/payouts');
    expect(sent).toHaveLength(4);
    expect(new Set(sent.map((one) => one.key))).toEqual(new Set([`demo-abcd1234-${good.row.padStart(4, '0')}`]));
    expect(new Set(sent.map((one) => JSON.stringify(one.body))).size).toBe(1);
    expect([run.answered, run.final, rowProblems(run.all), surprises(run.all)]).toEqual([1, 1, [], []]);
  });

  it('asks for a pin first where the row has one, and sends it with the very same phone', async () => {
    turn = (one, response) => {
      if (one.path === '/v1/collections/otp') say(response, 200, { pinId: 'VE1' });
      else say(response, 202, transaction('co1', 'accepted'));
    };
    await runOf([pinned]).send(1);
    const [asked, collected] = seen;
    expect(collected?.body).toMatchObject({ otp: { pinId: 'VE1', pin: pinned.pin }, phone: asked?.body['phone'] });
  });

  it('gives up at once when its key is refused', async () => {
    turn = (_one, response) => say(response, 401, { code: 'unauthenticated', detail: 'Send a valid API key.' });
    await expect(runOf([good]).send(1)).rejects.toThrow(Hopeless);
    expect(seen).toHaveLength(1);
  });
});

describe('the verdict', () => {
  it('is good only when good rows are final and bad rows were refused for the reason they name', () => {
    const ended = (status: Transaction['status']) => ({
      row: good,
      transaction: transaction('po1', status),
      refusal: null,
    });
    const refused = (row: typeof good, reason: string) => ({ row, transaction: null, refusal: [reason] });
    expect(rowProblems([ended('settled'), ended('failed'), refused(bad, 'amount:not_positive')])).toEqual([]);
    for (const [sent, words] of [
      [ended('submitted'), 'is not final: po1 is submitted'],
      [ended('in_review'), 'is not final: po1 is in_review'],
      [refused(good, 'amount:required'), 'was refused: amount:required'],
      [{ row: good, transaction: null, refusal: null }, 'was never answered'],
      [refused(bad, 'currency:required'), 'was refused as currency:required, not as amount:not_positive'],
      [{ row: bad, transaction: transaction('po2', 'settled'), refusal: null }, 'was accepted as po2'],
    ] as const) {
      const [problem, ...more] = rowProblems([sent]);
      expect(problem).toContain(words);
      expect(more).toEqual([]);
    }
    expect(surprises([ended('failed')])).toHaveLength(1);
    expect(outcomeTable([ended('settled'), refused(bad, 'amount:not_positive')])).toMatch(/all +2 +1 +· +· +· +· +1$/);
  });
});
