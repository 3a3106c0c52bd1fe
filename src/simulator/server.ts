// Starts a simulator: a local Eversend with its own book, on its own port, sharing nothing with the product.
import { createHash, createSecretKey } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookAlgorithm } from '../provider/eversend/signature.ts';
import { Book } from './book.ts';
import { control } from './control.ts';
import { EventLog } from './event-log.ts';
import { Faults } from './faults.ts';
import { type Call, receive, sendJson, sendText } from './http.ts';
import { plan } from './life.ts';
import { openWallets } from './opening.ts';
import { Otps } from './otp.ts';
import { RateWindow } from './rate-window.ts';
import { route } from './routes.ts';
import { makeSeed } from './seed.ts';
import type { Settings } from './switches.ts';
import { Timers } from './timers.ts';
import { Tokens } from './tokens.ts';
import { OPENING_BALANCES } from './wallets.ts';
import { Webhooks } from './webhooks.ts';
import type { World } from './world.ts';

export interface SimulatorOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  readonly host?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** A fixed bearer token that is accepted besides issued ones. */
  readonly apiKey?: string;
  readonly webhookSecret?: string;
  readonly webhookAlgorithm?: WebhookAlgorithm;
  readonly webhookUrl?: string;
  readonly seed?: string;
  readonly settleMs?: number | null;
  readonly quotationTtlMs?: number;
  readonly tokenTtlMs?: number;
  readonly otpExempt?: boolean;
  /** Keeps the book over restarts. */
  readonly stateFile?: string;
  /** Opening balances in major units, over the usual ones. */
  readonly wallets?: Readonly<Record<string, string>>;
  /** Further switches, by their names in GET /control. */
  readonly settings?: Partial<Settings>;
  /** Switches, rates and plans as for POST /control/faults; a reset comes back to them. */
  readonly orders?: object;
  /** How many events the log keeps at least. */
  readonly logLimit?: number;
}

export interface Simulator {
  /** The base address, ending in `/v1` like the provider's. */
  readonly url: string;
  readonly controlUrl: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts listening. Rejects when the port is taken (`EADDRINUSE`), the state file cannot be read, or `orders` make no sense. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const host = options.host ?? '127.0.0.1';
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    receive(request, response, (call) => dispatch(world, call));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  // The port comes first and the book after it, in one turn of the loop: whoever holds the port is alone with the state file.
  const world = openWorld(server, options, origin);
  for (const operation of world.book.index.operations) plan(world, operation);
  let closed: Promise<void> | null = null;
  const close = async () => {
    world.timers.clear();
    world.webhooks.close();
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await ended;
    world.timers.clear();
    world.book.close();
  };
  return {
    url: `${origin}/v1`,
    controlUrl: `${origin}/control`,
    port,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function openWorld(server: Server, options: SimulatorOptions, origin: string): World {
  try {
    return makeWorld(options, origin);
  } catch (error) {
    server.close();
    throw error;
  }
}

function dispatch(world: World, call: Call): void {
  const { path, response } = call;
  if (path.startsWith('/v1/')) route(world, call);
  else if (path === '/control' || path.startsWith('/control/')) void control(world, call);
  else if (path.startsWith('/checkout/')) checkout(world, call);
  else sendJson(response, 404, { code: 404, message: `Cannot ${call.method} ${path}`, success: false });
}

/** Where a payer in Ghana is sent to approve: straight on to the page the collection asked to return to. */
function checkout(world: World, { path, response }: Call): void {
  const location = world.book.index.withId(path.slice('/checkout/'.length))?.redirectUrl;
  if (location) sendText(response, 302, '', 'text/plain', { location });
  else sendText(response, 404, 'There is no such payment.', 'text/plain');
}

function makeWorld(options: SimulatorOptions, origin: string): World {
  const seedText = options.seed ?? 'eversend';
  const seed = makeSeed(seedText);
  const clientSecret = options.clientSecret ?? 'simulator-secret';
  const webhookSecret = options.webhookSecret ?? 'simulator-webhook-secret';
  const opening = { ...OPENING_BALANCES, ...options.wallets };
  let turnedMs = 0;
  const now = () => Date.now() + turnedMs;
  const faults = new Faults(seed, startingSettings(options), options.orders ?? {});
  const log = new EventLog(options.logLimit ?? 50_000);
  const timers = new Timers();
  const book = new Book(options.stateFile ?? null, now);
  faults.resume(book.entries.length);
  openWallets(book, opening);
  return {
    seed,
    faults,
    book,
    log,
    timers,
    opening,
    now,
    origin,
    accountId: 3,
    tokens: new Tokens(
      { clientId: options.clientId ?? 'simulator-client', clientSecret, apiKey: options.apiKey ?? null },
      seed,
      now,
    ),
    otps: new Otps(seed, now),
    rate: new RateWindow(),
    webhooks: new Webhooks({ seed, faults, log, timers, secret: webhookSecret, url: options.webhookUrl ?? null }),
    quotationKey: createSecretKey(createHash('sha256').update(`quotation ${seedText} ${clientSecret}`).digest()),
    turnClock: (ms) => {
      turnedMs += ms;
      return now();
    },
  };
}

function startingSettings(options: SimulatorOptions): Partial<Settings> {
  return {
    ...options.settings,
    ...(options.settleMs === undefined ? {} : { 'settle.ms': options.settleMs }),
    ...(options.quotationTtlMs === undefined ? {} : { 'quotation.ttlMs': options.quotationTtlMs }),
    ...(options.tokenTtlMs === undefined ? {} : { 'token.ttlMs': options.tokenTtlMs }),
    ...(options.otpExempt === undefined ? {} : { 'otp.exempt': options.otpExempt }),
    ...(options.webhookAlgorithm === undefined ? {} : { 'webhook.algorithm': options.webhookAlgorithm }),
  };
}
