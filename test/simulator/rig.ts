// A simulator of a test's own, with an authenticated caller, its control calls, and a receiver for its webhooks.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** What stands at a path such as `data.transactions.0.status`; the whole body without one. */
  at(path?: string): unknown;
}

export interface Rig {
  readonly simulator: Simulator;
  readonly authorization: string;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown, method?: string): Promise<Answer>;
  control(path: string, body?: unknown): Promise<Answer>;
  /** Asks for a pin and collects from the phone; the control list says which suffixes break. */
  collect(reference: string, more?: Record<string, unknown>): Promise<Answer>;
  quote(more?: Record<string, unknown>): Promise<Answer>;
  /** Quotes and pays out to a Ugandan phone. */
  payOut(reference: string, phoneNumber?: string, more?: Record<string, unknown>): Promise<Answer>;
  /** How often the book says a reference was executed. */
  executed(reference: string): Promise<number>;
  balance(currency: string): Promise<number>;
}

export const COLLECTION = { phone: '+256712345678', amount: 2000, country: 'UG', currency: 'UGX' };
export const QUOTATION = {
  sourceWallet: 'UGX',
  amount: 1000,
  amountType: 'SOURCE',
  type: 'momo',
  destinationCountry: 'UG',
  destinationCurrency: 'UGX',
};
export const RECIPIENT = { firstName: 'John', lastName: 'Okello', country: 'UG' };
export const CREDENTIALS = { clientId: 'simulator-client', clientSecret: 'simulator-secret' };

/** Fetches and reads; a connection that breaks rejects, as everywhere. */
export async function call(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  const body = (): unknown => JSON.parse(text);
  return {
    status: response.status,
    headers: response.headers,
    text,
    at: (path) =>
      path === undefined ? body() : path.split('.').reduce((tree, step) => (tree as never)?.[step], body() as unknown),
  };
}

/** Settles quickly and knows no OTP unless told otherwise; closed when the test has finished. */
export async function startRig(options: SimulatorOptions = {}): Promise<Rig> {
  const simulator = await startSimulator({ settleMs: 1, otpExempt: true, ...options });
  onTestFinished(() => simulator.close());
  const token = await call(`${simulator.url}/auth/token`, { headers: CREDENTIALS });
  const authorization = `Bearer ${String(token.at('token'))}`;
  const json = { authorization, 'content-type': 'application/json' };
  const post = (path: string, body: unknown, method = 'POST') =>
    call(simulator.url + path, { method, headers: json, body: JSON.stringify(body) });
  const control = (path: string, body?: unknown) =>
    call(simulator.controlUrl + path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  const quote: Rig['quote'] = (more = {}) => post('/payouts/quotation', { ...QUOTATION, ...more });
  return {
    simulator,
    authorization,
    post,
    control,
    quote,
    get: (path) => call(simulator.url + path, { headers: { authorization } }),
    collect: (transactionRef, more = {}) => post('/collections/momo', { ...COLLECTION, transactionRef, ...more }),
    payOut: async (transactionRef, phoneNumber = '+256712345678', more = {}) => {
      const quotation = await quote();
      const token = quotation.at('data.token');
      return post('/payouts', { token, transactionRef, phoneNumber, ...RECIPIENT, ...more });
    },
    executed: async (reference) => {
      const summary = await control(`/book/summary?reference=${reference}`);
      return (summary.at(`references.${reference}.executed`) as number | undefined) ?? 0;
    },
    balance: async (currency) => {
      const wallet = await call(`${simulator.url}/wallets/${currency}`, { headers: { authorization } });
      return wallet.at('data.wallet.amount') as number;
    },
  };
}

export interface ReceivedWebhook {
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  readonly body: Record<string, unknown>;
}

export interface Receiver {
  readonly url: string;
  readonly received: ReceivedWebhook[];
  /** What is answered from now on. */
  answer: number;
}

/** A webhook receiver that keeps everything it gets. */
export async function startReceiver(): Promise<Receiver> {
  const received: ReceivedWebhook[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      received.push({ headers: request.headers, raw, body: readBody(raw) });
      response.writeHead(receiver.answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = { url: `http://127.0.0.1:${port}/webhooks/eversend`, received, answer: 200 };
  return receiver;
}

function readBody(raw: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(raw.toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
