// Abuse by numbers: pins asked for by the thousand, forged webhooks by the thousand, and sockets that only sit there.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { listen } from '../../src/http/listen.ts';
import { signWebhook } from '../../src/provider/eversend/signature.ts';
import { type Api, openApi } from '../support/api.ts';

const EVENT = JSON.stringify({ transactionRef: 'po01M82WKF13J929WMA0Z3KP0NC1', status: 'SUCCESSFUL' });
const sign = (body: string, secret = 'webhook-secret') => signWebhook(Buffer.from(body), secret, 'sha512');
const callback = (api: Pick<Api, 'call'>, signature: string, from: string, headers: Record<string, string> = {}) =>
  api.call('POST', '/webhooks/eversend', {
    key: null,
    idempotencyKey: false,
    body: EVENT,
    from,
    headers: { 'x-eversend-signature': signature, ...headers },
  });

async function inBatches<T>(of: readonly T[], each: (one: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < of.length; from += 100) await Promise.all(of.slice(from, from + 100).map(each));
}

describe('one-time pins', () => {
  const PER_DAY = 1000;
  /** Requests over 2,000 numbers, from 50 addresses; gives how many messages were sent. */
  async function storm(api: Api, requests: number, numberOf: (n: number) => string): Promise<number> {
    const shots = Array.from({ length: requests }, (_, n) => n);
    let sent = 0;
    await inBatches(shots, async (n) => {
      const { status, headers } = await api.post(
        '/v1/collections/otp',
        { phone: numberOf(n % 2000) },
        { from: `203.0.113.${n % 50}`, idempotencyKey: false },
      );
      expect([200, 429]).toContain(status);
      if (status === 200) sent += 1;
      else expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    });
    return sent;
  }

  test('asked for 10,000 times over 2,000 numbers stay below every ceiling, and a genuine payer is still served', async () => {
    const env = {
      OTP_LIMIT_PER_PHONE_PER_HOUR: '5',
      OTP_LIMIT_PER_PREFIX_PER_HOUR: '50',
      OTP_LIMIT_PER_MERCHANT_PER_DAY: String(PER_DAY),
    };
    // One behind the other: two thousand numbers that differ in their last digits only.
    const sequential = await openApi({ env });
    expect(await storm(sequential, 2000, (n) => `+25677${String(1_000_000 + n)}`)).toBeLessThanOrEqual(102);
    // Spread so that no phone and no range is used up: what a day may cost has an end all the same.
    expect(await storm(sequential, 10_000, (n) => `+25670${String(1_000_000 + n * 997)}`)).toBeLessThanOrEqual(
      PER_DAY + 2,
    );
    const { secret } = await sequential.stranger();
    const genuine = { key: secret, idempotencyKey: false } as const;
    expect((await sequential.post('/v1/collections/otp', { phone: '+256782345678' }, genuine)).status).toBe(200);
    await sequential.close();
  }, 240_000);
});

describe('the callback', () => {
  test('refuses forgeries without asking the database anything, and is counted by the address that the trusted proxy saw', async () => {
    const api = await openApi({ env: { TRUSTED_PROXY_HOPS: '1', RATE_LIMIT_FORGERIES_PER_SECOND: '20' } });
    const untouchable = new Proxy({}, { get: () => expect.fail('a forgery reached the database') });
    const app = createApp({ ...api.world, db: untouchable as never });
    const counts = new Map<number, number>();
    const forgeries = [
      createHash('sha512').update(EVENT).digest('hex'),
      createHash('sha256').update(EVENT).digest('hex'),
      sign(EVENT, 'other'),
      sign(`${EVENT} `),
      sign(EVENT).slice(0, 64),
      '0'.repeat(128),
      '',
    ];
    await inBatches(
      Array.from({ length: 2000 }, (_, n) => n),
      async (n) => {
        const headers = {
          'content-type': 'application/json',
          'x-eversend-signature': forgeries[n % forgeries.length] ?? '',
          // What stands further left was written by the forger: a new address each time, and still the same one.
          'x-forwarded-for': `198.51.${n >> 8}.${n & 255}, 203.0.113.9`,
        };
        const init = { method: 'POST', headers, body: EVENT };
        const { status } = await app.request('/webhooks/eversend', init, {
          incoming: { socket: { remoteAddress: '10.0.0.1' } },
        });
        counts.set(status, (counts.get(status) ?? 0) + 1);
      },
    );
    expect([...counts.keys()].toSorted()).toEqual([401, 429]);
    expect(counts.get(429)).toBeGreaterThan(1500);
    await api.close();
  }, 60_000);

  test('is taken from listed addresses alone, whoever signed it and whatever is said of the address', async () => {
    const api = await openApi({ env: { EVERSEND_WEBHOOK_ALLOWED_ADDRESSES: '203.0.113.0/24, 2001:db8::/32' } });
    const statuses = await Promise.all([
      callback(api, sign(EVENT), '203.0.113.7'),
      callback(api, sign(EVENT), '::ffff:203.0.113.8'),
      callback(api, sign(EVENT), '2001:db8::7'),
      callback(api, sign(EVENT), '198.51.100.1'),
      callback(api, sign(EVENT), '198.51.100.1', { 'x-forwarded-for': '203.0.113.7' }),
      callback(api, sign(EVENT, 'other'), '203.0.113.7'),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 403, 403, 401]);
    expect((await api.rows())['webhook_events']).toBe(1);
    await api.close();
  });
});

describe('sockets', () => {
  const request = (headers: readonly string[], body = '') =>
    `POST /v1/payouts HTTP/1.1\r\nHost: localhost\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n${body}`;

  test('five hundred that say nothing and five hundred that drip are closed in time, and nobody else waits for them', async () => {
    const api = await openApi();
    const deadlines = { headersMs: 1500, requestMs: 2500, checkMs: 100 };
    const listening = await listen(api.app.fetch, { host: '127.0.0.1', port: 0, deadlines });
    const closedAfter: number[] = [];
    const startedAt = performance.now();
    const sit = (drip: string | null, first = '') => {
      const socket = connect(listening.port, '127.0.0.1');
      socket.on('error', () => {}).resume();
      if (first !== '') socket.write(first);
      const dripping = drip === null ? null : setInterval(() => socket.writable && socket.write(drip), 200);
      return once(socket, 'close').then(() => {
        if (dripping !== null) clearInterval(dripping);
        closedAfter.push(performance.now() - startedAt);
      });
    };
    const json = ['Content-Type: application/json', `Authorization: Bearer ${api.secret}`, 'Content-Length: 5000'];
    const all = [
      ...Array.from({ length: 500 }, () => sit(null)),
      ...Array.from({ length: 250 }, () => sit('x', 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')),
      ...Array.from({ length: 250 }, (_, n) => sit(' ', request([...json, `Idempotency-Key: dripping-${n}-0000000`]))),
    ];
    let served = 0;
    let slowest = 0;
    let isOver = false;
    void Promise.all(all).then(() => {
      isOver = true;
    });
    while (!isOver) {
      const askedAt = performance.now();
      const answered = await fetch(`http://127.0.0.1:${listening.port}/livez`, { headers: { connection: 'close' } });
      expect(answered.status).toBe(200);
      slowest = Math.max(slowest, performance.now() - askedAt);
      served += 1;
    }
    expect(closedAfter).toHaveLength(1000);
    // Of the deadline by as much as a busy machine needs to look and close a thousand; without one they would stay for minutes.
    expect(Math.max(...closedAfter)).toBeLessThan(20_000);
    expect(served).toBeGreaterThan(3);
    expect(slowest).toBeLessThan(10_000);
    await listening.close(0);
    await api.close();
  }, 60_000);

  test('Expect is answered without a handler having run for nobody', async () => {
    const api = await openApi();
    const listening = await listen(api.app.fetch, { host: '127.0.0.1', port: 0 });
    const say = async (text: string) => {
      const socket = connect(listening.port, '127.0.0.1');
      let heard = '';
      socket.on('data', (bytes) => {
        heard += bytes;
      });
      socket.on('error', () => {});
      socket.write(text);
      await once(socket, 'close');
      return heard;
    };
    const close = ['Connection: close', 'Content-Type: application/json', 'Content-Length: 2'];
    expect(await say(request([...close, 'Expect: 100-continue'], '{}'))).toMatch(
      /^HTTP\/1\.1 (100[\s\S]*HTTP\/1\.1 )?401/,
    );
    expect(await say(request([...close, 'Expect: the-unexpected'], '{}'))).toMatch(/^HTTP\/1\.1 (417|401)/);
    await listening.close(0);
    await api.close();
  });
});
