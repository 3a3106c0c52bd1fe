// The listening socket on real connections: what is not HTTP, who is too slow, and a stop that loses no request.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Listening, listen } from '../../src/http/listen.ts';
import { type Api, openApi, PAYOUT } from '../support/api.ts';
import { until } from '../support/until.ts';

let api: Api;
let listening: Listening;
beforeAll(async () => {
  api = await openApi();
  listening = await listen(api.app.fetch, {
    host: '127.0.0.1',
    port: 0,
    deadlines: { headersMs: 150, requestMs: 700, checkMs: 20 },
  });
});
afterAll(async () => {
  await listening.close(0);
  await api.close();
});

async function open(): Promise<Socket> {
  const socket = connect(listening.port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends raw text and gives everything that comes back until the connection ends. */
async function exchange(text: string): Promise<string> {
  const socket = await open();
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes;
  });
  socket.write(text);
  await once(socket, 'close');
  return heard;
}
const request = (line: string, headers: readonly string[] = [], body = '') =>
  `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n${body}`;
const statusOf = (heard: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1]);

test('a payout over a real connection is accepted, and the client address is the socket’s', async () => {
  await api.world.fund('UGX', 1_000_000n);
  const body = JSON.stringify(PAYOUT);
  const headers = [
    `Authorization: Bearer ${api.secret}`,
    'Content-Type: application/json',
    'Idempotency-Key: over-the-wire-0001',
    `Content-Length: ${body.length}`,
  ];
  const heard = await exchange(request('POST /v1/payouts', headers, body));
  expect(statusOf(heard)).toBe(202);
  const [row] = await api.world.db('transactions').select('client_address');
  expect(row.client_address).toBe('127.0.0.1');
  const chunked = headers.with(-1, 'Transfer-Encoding: chunked').with(2, 'Idempotency-Key: over-the-wire-0002');
  expect(
    statusOf(
      await exchange(request('POST /v1/payouts', chunked, `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)),
    ),
  ).toBe(202);
});

test('two requests in one, bare line ends and headers beyond measure are refused with complete answers, and the connection ends', async () => {
  const hostile: [string, number][] = [
    [request('POST /v1/payouts', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'), 400],
    [request('POST /v1/payouts', ['Content-Length: 4', 'Content-Length: 5'], 'abcd'), 400],
    [request('GET /livez', ['X-A: b\rX-B: c']), 400],
    [request('GET /livez', [`X-A: ${'x'.repeat(17_000)}`]), 431],
    [request('GET /livez').replace('Host: localhost\r\n', ''), 400],
    ['GET / HTTP/9.9\r\n\r\n', 400],
    ['\x16\x03\x01\x02\x00', 400],
    [request('GET http://[').replace('localhost', 'x'), 400],
    [request('GET /livez').replace('Host: localhost', 'Host: a b<script>'), 400],
    [request('GET \\livez'), 400],
  ];
  for (const [text, status] of hostile) {
    const heard = await exchange(text);
    expect(statusOf(heard), text.slice(0, 80)).toBe(status);
    expect(heard.toLowerCase()).toContain('x-content-type-options: nosniff');
    const [, requestId] = /^x-request-id: (\S+)/im.exec(heard) ?? [];
    expect(heard).toContain(`"requestId":"${requestId}"`);
    expect(heard.toLowerCase()).toContain('content-type: application/problem+json');
    expect(heard).not.toContain('script');
  }
});

test('no spelling of a path reaches a handler without a key, and TRACE is refused everywhere', async () => {
  const spellings = [
    '//v1/wallets',
    '/v1//wallets',
    '/./v1/wallets',
    '/v1/%77allets',
    '/v1/wallets/',
    '/v1/wallets;x=1',
    '/V1/wallets',
    '/x/../v1/wallets',
    '/v1/wallets%2f',
    '/v1%2fwallets',
    '/%2e%2e/v1/wallets',
    'http://localhost/v1/wallets',
    '/v1/wallets%00',
    '/v1/wallets#x',
  ];
  for (const path of spellings)
    expect([400, 401, 404], path).toContain(statusOf(await exchange(request(`GET ${path}`))));
  const overridden = await exchange(request('POST /v1/wallets', ['X-HTTP-Method-Override: GET', 'Content-Length: 0']));
  expect(statusOf(overridden)).toBe(405);
  for (const path of ['/v1/wallets', '/livez', '/docs', '/webhooks/eversend'])
    expect(statusOf(await exchange(request(`TRACE ${path}`, ['X-Secret: echo']))), path).toBe(405);
});

test('a body that is announced too large is refused before it is sent, and an endless one while it comes', async () => {
  const headers = [
    `Authorization: Bearer ${api.secret}`,
    'Content-Type: application/json',
    'Idempotency-Key: endless-0123456789',
  ];
  expect(statusOf(await exchange(request('POST /v1/payouts', [...headers, 'Content-Length: 10000000'])))).toBe(413);
  const socket = await open();
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes;
  });
  socket.write(request('POST /v1/payouts', [...headers, 'Transfer-Encoding: chunked']));
  const pouring = setInterval(() => socket.writable && socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`), 2);
  await until(() => statusOf(heard) === 413, 'the endless body is refused');
  clearInterval(pouring);
  socket.destroy();
});

test('a request whose sender is gone in the middle of its body leaves nothing, and its key is still free', async () => {
  await api.world.fund('UGX', 1_000_000n);
  const before = await api.rows();
  const body = JSON.stringify(PAYOUT);
  const headers = [
    `Authorization: Bearer ${api.secret}`,
    'Content-Type: application/json',
    'Idempotency-Key: cut-off-0123456789',
    `Content-Length: ${body.length}`,
  ];
  const socket = await open();
  socket.end(request('POST /v1/payouts', headers, body.slice(0, -1)));
  await until(() => api.lines.some((line) => line['code'] === 'body_incomplete'), 'the half request has been refused');
  expect(await api.rows()).toEqual(before);
  const heard = await exchange(request('POST /v1/payouts', headers, body));
  expect(statusOf(heard)).toBe(202);
  expect(heard.toLowerCase()).not.toContain('idempotency-replayed');
});

test('who sends headers or a body too slowly, or nothing at all, is cut off; others are not', async () => {
  const slowHeaders = exchange('GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  const silent = exchange('');
  const slowBody = exchange(
    request(
      'POST /v1/payouts',
      [
        `Authorization: Bearer ${api.secret}`,
        'Content-Type: application/json',
        'Idempotency-Key: slow-0123456789ab',
        'Content-Length: 100',
      ],
      '{"amount"',
    ),
  );
  expect(statusOf(await exchange(request('GET /livez')))).toBe(200);
  // Headers have a shorter deadline than the whole request.
  const first = await Promise.race([slowHeaders.then(() => 'headers'), slowBody.then(() => 'body')]);
  expect(first).toBe('headers');
  const [headers, nothing, body] = await Promise.all([slowHeaders, silent, slowBody]);
  expect(statusOf(headers)).toBe(408);
  expect(statusOf(nothing)).toBe(408);
  expect([408, 400]).toContain(statusOf(body));
  expect(api.lines.filter((line) => line['event'] === 'request_failed')).toEqual([]);
});

test('stopping accepts nothing new, lets what runs finish, and cuts what does not', async () => {
  const app = new Hono();
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let running = 0;
  app.get('/slow', async (c) => {
    running += 1;
    await finished;
    return c.text('done');
  });
  app.get('/never', () => {
    running += 1;
    return new Promise<Response>(() => {});
  });
  const own = await listen(app.fetch, { host: '127.0.0.1', port: 0 });
  const address = `http://127.0.0.1:${own.port}`;
  const slow = fetch(`${address}/slow`);
  const never = fetch(`${address}/never`).then(
    () => 'answered',
    () => 'cut',
  );
  await until(() => running === 2, 'both requests run');
  const closed = own.close(200);
  await expect(fetch(`${address}/slow`)).rejects.toThrow();
  finish();
  expect(await (await slow).text()).toBe('done');
  await closed;
  expect(await never).toBe('cut');
});

test('a connection that is kept alive does not hold the stop up', async () => {
  const app = new Hono();
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let running = false;
  app.get('/', async (c) => {
    running = true;
    await finished;
    return c.text('done');
  });
  const own = await listen(app.fetch, { host: '127.0.0.1', port: 0 });
  const socket = connect(own.port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => running, 'the request runs');
  const closed = own.close(60_000);
  finish();
  await closed;
  socket.destroy();
});
