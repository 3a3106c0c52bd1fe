// The provider as the benchmark plays it: Eversend's answers in their documented shapes, at once, and a signed webhook.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { found, type Payout, quote, sent, UGANDA, WALLET, webhook } from './eversend-answers.ts';

export interface BenchProvider {
  /** Its origin; the product's EVERSEND_BASE_URL is this plus `/v1`. */
  readonly url: string;
  readonly webhookSecret: string;
  /** How often it was asked for what, and how many webhooks were not answered with 200. */
  readonly counts: Readonly<Record<string, number>>;
  /** Where webhooks go: the origin of the API under test. */
  tell(apiUrl: string): void;
  close(): Promise<void>;
}

const TOKEN_LIFETIME_MS = 3_600_000;
const WEBHOOK_CONNECTIONS = 50;

/** Starts a provider on a free loopback port. Every payout succeeds: its webhook leaves right after the answer to it. */
export async function startProvider(of: { webhookSecret: string }): Promise<BenchProvider> {
  const payouts = new Map<string, Payout>();
  const counts: Record<string, number> = {};
  let pool: Pool | null = null;
  let made = 0;

  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };

  function pay(body: Record<string, unknown>) {
    const reference = String(body['transactionRef']);
    if (payouts.has(reference)) return null;
    const claims = JSON.parse(Buffer.from(String(body['token']).split('.')[1] ?? '', 'base64url').toString());
    made += 1;
    const now = new Date().toISOString();
    const payout: Payout = {
      id: `BP3${Date.now()}${made}`,
      reference,
      quotation: claims.quotation,
      createdAt: now,
      status: 'pending',
    };
    payouts.set(reference, payout);
    payouts.set(payout.id, payout);
    return { payout, answer: sent(payout, body, made) };
  }

  async function succeed(payout: Payout) {
    payout.status = 'successful';
    if (pool === null) return;
    const body = JSON.stringify(webhook(payout));
    const signature = createHmac('sha512', of.webhookSecret).update(body).digest('hex');
    try {
      const response = await pool.request({
        method: 'POST',
        path: '/webhooks/eversend',
        headers: { 'content-type': 'application/json', 'x-eversend-signature': signature },
        body,
      });
      await response.body.dump();
      count(response.statusCode === 200 ? 'webhook' : 'webhook refused');
    } catch {
      count('webhook lost');
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const url = request.url ?? '';
    if (request.method === 'POST') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
      if (url === '/v1/payouts/quotation') {
        count('quotation');
        return reply(response, 200, { code: 200, data: quote(body), success: true });
      }
      if (url === '/v1/payouts') {
        const paid = pay(body);
        if (paid === null) return refuse(response, 400, 'transaction already exists');
        count('payout');
        reply(response, 200, { code: 200, data: { transaction: paid.answer }, success: true });
        setImmediate(succeed, paid.payout);
        return;
      }
    } else if (url.startsWith('/v1/transactions/')) {
      count('look-up');
      const payout = payouts.get(url.slice('/v1/transactions/'.length));
      if (payout === undefined) return refuse(response, 404, 'transaction not found');
      return reply(response, 200, { code: 200, data: { transactions: [found(payout)] }, success: true });
    } else if (url.startsWith('/v1/transactions')) {
      count('list');
      const data = {
        total_payouts: '0',
        total_collections: '0',
        balance: 0,
        transactions: [],
        total: 0,
        limit: 50,
        page: 1,
      };
      return reply(response, 200, { code: 200, data, success: true });
    } else if (url === '/v1/wallets') {
      count('wallets');
      return reply(response, 200, { code: 200, data: [WALLET], success: true });
    } else if (url === '/v1/auth/token') {
      count('token');
      const expires = new Date(Date.now() + TOKEN_LIFETIME_MS).toISOString();
      return reply(response, 200, { status: 200, token: '0123456789abcdef0123456789abcdef01234567', expires });
    } else if (url === '/v1/payouts/countries') {
      count('countries');
      return reply(response, 200, { code: 200, data: { countries: [UGANDA] }, success: true });
    }
    count(`unknown ${request.method} ${url.split('?')[0]}`);
    return refuse(response, 404, 'not found');
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => refuse(response, 400, String(error)));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    webhookSecret: of.webhookSecret,
    counts,
    tell(apiUrl) {
      pool = new Pool(apiUrl, { connections: WEBHOOK_CONNECTIONS });
    },
    async close() {
      await pool?.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function refuse(response: ServerResponse, code: number, message: string): void {
  reply(response, code, { code, message, success: false });
}
