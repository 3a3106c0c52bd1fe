// The control calls under /control: orders, the book, the log. For this machine only, without credentials.

import { formatAmount, isCurrency } from '../money.ts';
import { summarise } from './book-summary.ts';
import { controlList } from './control-list.ts';
import { forceTransaction, sendWebhook } from './control-transactions.ts';
import { applyOrders, OrderProblem } from './fault-orders.ts';
import { toMinor } from './fields.ts';
import { type Call, NotJson, readJson, sendJson } from './http.ts';
import { openWallets } from './opening.ts';
import type { World } from './world.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Answers one call under /control. Mistakes get 400 and a sentence; callers from other machines get 403. */
export async function control(world: World, call: Call): Promise<void> {
  if (!isLocal(call)) return sendJson(call.response, 403, { message: 'control calls are for this machine only' });
  try {
    const body = (readJson(call) ?? {}) as Fields;
    const answer = await reach(world, call, body);
    if (answer === undefined) {
      return sendJson(call.response, 404, {
        message: `${call.method} ${call.path} is not there: GET /control lists all`,
      });
    }
    if (call.method === 'POST') world.log.add('control', call.path, 'ordered', { body });
    if (answer !== STREAMED) sendJson(call.response, 200, answer);
  } catch (error) {
    const isTheirs = error instanceof OrderProblem || error instanceof NotJson || error instanceof TypeError;
    sendJson(call.response, isTheirs ? 400 : 500, { message: (error as Error).message });
  }
}

const STREAMED = Symbol('already answered');

async function reach(world: World, call: Call, body: Fields): Promise<unknown> {
  const { path, query } = call;
  if (path.startsWith('/control/transactions/')) {
    const id = decodeURIComponent(path.slice('/control/transactions/'.length));
    const same = operationsOf(world, id);
    if (call.method === 'POST') return forceTransaction(world, id, same, body);
    return summarise(world.book, same[0]?.reference ?? id);
  }
  switch (`${call.method} ${path}`) {
    case 'GET /control':
      return controlList(world);
    case 'POST /control/faults':
      return order(world, body);
    case 'POST /control/reset':
      return reset(world, body);
    case 'POST /control/webhook-url':
      return aim(world, body);
    case 'POST /control/webhooks':
      return sendWebhook(world, body);
    case 'POST /control/wallets':
      return setWallets(world, body);
    case 'POST /control/clock':
      return { now: new Date(world.turnClock(whole(body, 'advanceMs'))).toISOString() };
    case 'GET /control/otp':
      return { pins: world.otps.sentTo(query.get('phone') ?? '') };
    case 'GET /control/outstanding':
      return { waits: world.timers.waiting, webhooks: world.webhooks.busy };
    case 'GET /control/calls':
      return query.has('key') ? world.faults.callsOf(query.get('key') ?? '') : world.faults.calls();
    case 'GET /control/book':
      return streamBook(world, call);
    case 'GET /control/book/summary':
      return summarise(world.book, query.get('reference'));
    case 'GET /control/log': {
      const [channel, key] = [query.get('channel'), query.get('key')];
      const where = { ...(channel === null ? {} : { channel }), ...(key === null ? {} : { key }) };
      return query.get('order') === 'logical' ? world.log.logical(where) : world.log.arrivals(where);
    }
    default:
      return undefined;
  }
}

function operationsOf(world: World, id: string) {
  const byId = world.book.index.withId(id);
  return byId === undefined ? world.book.index.withReference(id) : [byId];
}

function order(world: World, { token, ...body }: Fields): unknown {
  const { revoke, ...rest } = (token ?? {}) as Fields;
  applyOrders(world.faults, Object.keys(rest).length > 0 ? { ...body, token: rest } : body);
  return { revoked: revoke === true ? world.tokens.revokeAll() : 0, ...standing(world) };
}

/** What differs from a freshly started simulator. */
function standing(world: World) {
  const { rates, settings, references, accounts } = world.faults;
  const shown = [...rates].map(([group, faults]) => [group, Object.fromEntries(faults)]);
  return { rates: Object.fromEntries(shown), settings, plans: references.size + accounts.size };
}

/** Switches, rates and plans back to the start; `{"book": true}` also empties book, wallets, pins, tokens and log. */
function reset(world: World, body: Fields): unknown {
  world.faults.reset();
  if (body['book'] === true) {
    world.timers.clear();
    world.book.empty();
    world.otps.clear();
    world.tokens.revokeAll();
    world.webhooks.clear();
    world.faults.forgetCalls();
    world.log.clear();
    openWallets(world.book, world.opening);
  }
  return standing(world);
}

function aim(world: World, body: Fields): unknown {
  const url = body['url'];
  if (url !== null && typeof url !== 'string') throw new OrderProblem('url must be an http(s) address or null');
  world.webhooks.aim(url);
  return { url };
}

/** `{"UGX": "500000", "KES": 12}`: balances in major units; a currency without a wallet gets one. */
function setWallets(world: World, body: Fields): unknown {
  const wanted = Object.entries(body).map(([currency, amount]) => {
    const minor = typeof amount === 'string' || typeof amount === 'number' ? toMinor(amount) : null;
    if (!isCurrency(currency) || minor === null) {
      throw new OrderProblem(`${currency} must be a known currency with a balance such as "500000"`);
    }
    return [currency, minor] as const;
  });
  for (const [currency, minor] of wanted) world.book.setBalance(currency, minor, 'control');
  return Object.fromEntries(
    [...world.book.wallets].map(([currency, { balanceMinor }]) => [currency, formatAmount(balanceMinor)]),
  );
}

/** One JSON entry per line, or an array with `?format=array`; `?from=n` leaves out what comes before entry n. */
function streamBook(world: World, call: Call): typeof STREAMED {
  const { response, query } = call;
  const isArray = query.get('format') === 'array';
  const entries = world.book.entries.slice(Math.max(0, Number(query.get('from') ?? 1) - 1));
  response.writeHead(200, { 'content-type': isArray ? 'application/json' : 'application/x-ndjson' });
  if (isArray) response.write('[');
  for (let start = 0; start < entries.length; start += 1000) {
    const lines = entries.slice(start, start + 1000).map((entry) => JSON.stringify(entry));
    if (isArray) response.write((start > 0 ? ',' : '') + lines.join(','));
    else response.write(`${lines.join('\n')}\n`);
  }
  response.end(isArray ? ']' : '');
  return STREAMED;
}

function whole(body: Fields, name: string): number {
  const value = body[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new OrderProblem(`${name} must be a whole number`);
}

function isLocal(call: Call): boolean {
  const address = call.request.socket.remoteAddress ?? '';
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
