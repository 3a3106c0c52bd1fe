// Where events may go: nothing inside is reached, however it is spelled, whatever a name leads to, and wherever a redirect points.
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { endpointProblem, mayConnect, urlProblem } from '../../src/notifications/address-guard.ts';
import { type ConnectLookup, createSender } from '../../src/notifications/send.ts';
import { until } from '../support/until.ts';
import { UNTRUSTED } from '../support/untrusted-certificate.ts';

const PUBLIC = '93.184.216.34';
const INSIDE = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '100.127.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '192.88.99.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:93.184.216.34',
  '::127.0.0.1',
  'fc00::1',
  'fdff::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '5f00::1',
];

test.each(INSIDE)('%s is not connected to', (address) => {
  expect(mayConnect(address, false)).toBe(false);
});

test.each([PUBLIC, '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450:4001::1'])(
  '%s is',
  (address) => {
    expect(mayConnect(address, false)).toBe(true);
  },
);

describe('an address is refused at registration', () => {
  it.each([
    ...INSIDE.map((address) => `https://${address.includes(':') ? `[${address}]` : address}/hook`),
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://0/',
    'https://%31%32%37.0.0.1/',
    'https://１２７.0.0.1/',
    'https://[::ffff:7f00:1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://localhost/',
    'https://LOCALHOST/',
    'https://localhost./',
    'https://shop.localhost/',
    'https://shop.example./',
    'https://printer.local/',
    'https://db.internal/',
    'https://intranet/',
    'https://user@shop.example/',
    'https://user:secret@shop.example/',
    'https://shop.example@10.0.0.1/',
    'https://shop.example:8443/',
    'https://shop.example:80/',
    'http://shop.example/',
    'http://shop.example:443/',
    'HTTP://shop.example/',
    'file:///etc/passwd',
    'gopher://shop.example/',
    'ftp://shop.example/',
    'ws://shop.example/',
    'data:text/plain,x',
    'javascript:alert(1)',
    '//shop.example/',
    'shop.example',
    'https:shop.example',
    'https://',
    'https:///',
    'https://shop.example/a b',
    'https://shop.example/\n',
    ' https://shop.example/',
    'https://shop.example\\@10.0.0.1/',
    'https://shop.example/#part',
    'https://-shop.example/',
    'https://shop_x.example/',
    `https://shop.example/${'x'.repeat(2000)}`,
  ])('as %s', (url) => {
    expect(urlProblem(url, false)).not.toBeNull();
  });

  it('by what its name leads to, if only one of its addresses is inside', async () => {
    const leading = (...addresses: string[]) =>
      endpointProblem('https://shop.example/', {
        allowLocal: false,
        lookup: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      });
    expect(await leading(PUBLIC)).toBeNull();
    for (const address of INSIDE) expect(await leading(PUBLIC, address), address).not.toBeNull();
  });

  it('but not for a name that nobody knows yet', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    expect(await endpointProblem('https://shop.example/', { allowLocal: false, lookup })).toBeNull();
  });
});

test('good addresses are taken, on this machine only where that is allowed', () => {
  for (const url of ['https://shop.example/hook?key=1', 'https://SHOP.example:443/', `https://${PUBLIC}/`])
    expect(urlProblem(url, false), url).toBeNull();
  for (const url of [
    'http://127.0.0.1:8080/',
    'http://localhost:3000/x',
    'http://[::1]:1/',
    'https://127.0.0.1:8443/',
  ]) {
    expect(urlProblem(url, true), url).toBeNull();
    expect(urlProblem(url, false), url).not.toBeNull();
  }
  for (const url of ['http://10.0.0.1/', 'http://shop.example/', 'https://192.168.1.1/', 'http://169.254.169.254/'])
    expect(urlProblem(url, true), url).not.toBeNull();
});

describe('at the moment of sending', () => {
  const config = { DELIVERY_TIMEOUT_MS: 1000 };
  let server: Server;
  let base: string;
  let asked: string[] = [];
  let cutOff = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      request.resume();
      if (request.url === '/redirect') response.writeHead(302, { location: `${base}/inside` }).end();
      else if (request.url === '/endless') {
        response.writeHead(200);
        response.on('close', () => {
          cutOff += 1;
        });
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 120)));
        };
        response.on('drain', more);
        more();
      } else if (request.url === '/slow') {
        response.writeHead(200);
        response.write('x');
        const drip = setInterval(() => response.write('x'), 50);
        response.on('close', () => clearInterval(drip));
      } else if (request.url === '/long') response.end(`${'-'.repeat(240)} paid Kyeyune Nambooze`);
      else if (request.url === '/silent') return;
      else if (request.url === '/reset') request.socket.destroy();
      else response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const send = async (url: string, of: { allowLocal: boolean; lookup?: ConnectLookup }) => {
    asked = [];
    const sender = createSender({ ...config, WEBHOOK_ALLOW_LOCAL: of.allowLocal ? 'true' : 'false' }, of.lookup);
    try {
      return await sender.send(url, { 'webhook-id': 'ev1' }, '{}');
    } finally {
      await sender.close();
    }
  };

  it.each(INSIDE)('a name that has come to lead to %s is refused', async (address) => {
    const family = address.includes(':') ? 6 : 4;
    const lookup: ConnectLookup = (_name, _options, done) => done(null, [{ address, family }]);
    expect(await send('https://shop.example/', { allowLocal: false, lookup })).toMatchObject({
      ok: false,
      error: 'address_refused',
    });
  });

  it('a name with one good and one bad address is refused whole', async () => {
    const lookup: ConnectLookup = (_name, _options, done) =>
      done(null, [
        { address: PUBLIC, family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    expect((await send('https://shop.example/', { allowLocal: false, lookup })).error).toBe('address_refused');
  });

  it('an address that was registered under other rules is refused, and not looked up', async () => {
    expect((await send(`${base}/x`, { allowLocal: false })).error).toBe('address_refused');
    expect((await send('https://10.0.0.1/', { allowLocal: true })).error).toBe('address_refused');
    expect(asked).toEqual([]);
  });

  it('a redirect is not followed', async () => {
    const sent = await send(`${base}/redirect`, { allowLocal: true });
    expect(sent).toMatchObject({ ok: false, statusCode: 302, error: 'redirect' });
    expect(asked).toEqual(['/redirect']);
  });

  it('an endless answer is cut off, and was an answer all the same', async () => {
    const sent = await send(`${base}/endless`, { allowLocal: true });
    expect(sent).toMatchObject({ ok: true, statusCode: 200 });
    expect(sent.answer).toMatch(/^x{156}$/);
    expect(sent.durationMs).toBeLessThan(1000);
    await until(() => cutOff === 1, 'the other side has noticed');
  });

  it('a slow answer and none at all end with the deadline', async () => {
    const [slow, silent] = [
      await send(`${base}/slow`, { allowLocal: true }),
      await send(`${base}/silent`, { allowLocal: true }),
    ];
    expect(slow).toMatchObject({ ok: true, statusCode: 200 });
    expect(silent).toMatchObject({ ok: false, statusCode: null, error: 'timeout' });
    for (const { durationMs } of [slow, silent]) expect(durationMs).toBeLessThan(3000);
  });

  it('of a long answer no word is kept that was cut in two, since it would not be known as a name', async () => {
    expect((await send(`${base}/long`, { allowLocal: true })).answer).toBe(`${'-'.repeat(240)} paid Kyeyune `);
  });

  it('a certificate that nobody vouches for is refused', async () => {
    const shady = createTlsServer(UNTRUSTED, (_request, response) => response.writeHead(204).end());
    await new Promise<void>((resolve) => shady.listen(0, '127.0.0.1', resolve));
    const { port } = shady.address() as AddressInfo;
    const sent = await send(`https://localhost:${port}/`, { allowLocal: true });
    expect(sent).toMatchObject({ ok: false, error: 'tls_failed' });
    shady.close();
  });

  it('whatever else goes wrong has a code of ours', async () => {
    expect((await send(`${base}/reset`, { allowLocal: true })).error).toBe('connection_lost');
    expect((await send('http://127.0.0.1:1/', { allowLocal: true })).error).toBe('connection_refused');
    expect((await send(base.replace('http:', 'https:'), { allowLocal: true })).error).toBe('tls_failed');
    const unknown: ConnectLookup = (_name, _options, done) =>
      done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
    expect((await send('https://shop.example/', { allowLocal: false, lookup: unknown })).error).toBe('name_not_found');
  });
});
