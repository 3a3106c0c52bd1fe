// Which endpoint a call under /v1 reaches: origin, rate and token first, then one table of paths.
import * as checks from './account-checks.ts';
import * as beneficiaries from './beneficiaries.ts';
import * as collections from './collections.ts';
import { banksOf } from './countries.ts';
import * as exchange from './exchange.ts';
import { type Call, readJson } from './http.ts';
import * as payouts from './payouts.ts';
import { quotationKey, quote } from './quotations.ts';
import { failure, Refusal, type Reply, success } from './reply.ts';
import { type About, sendReply, serve } from './serve.ts';
import * as transactions from './transactions.ts';
import * as wallets from './wallets.ts';
import type { World } from './world.ts';

/** One endpoint: what its call is about, and what it does with the body. */
interface Endpoint {
  readonly about: (world: World, call: Call, body: unknown) => About;
  readonly work: (world: World, call: Call, body: unknown) => Reply;
}

const other = (work: Endpoint['work']): Endpoint => ({
  about: (_, call) => ({ group: 'other', key: `${call.method} ${call.path}` }),
  work,
});
const submit = (account: (world: World, body: unknown) => string | null, work: Endpoint['work']): Endpoint => ({
  about: (world, _, body) => {
    const to = account(world, body);
    return { group: 'submit', key: textIn(body, 'transactionRef') ?? `submit ${to ?? '?'}`, account: to };
  },
  work,
});
const quoting = (work: Endpoint['work']): Endpoint => ({
  about: (_, __, body) => ({ group: 'quotation', key: quotationKey(body) }),
  work,
});

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  [
    'POST /v1/collections/momo',
    submit(
      (_, body) => textIn(body, 'phone'),
      (world, _, body) => collections.collect(world, body),
    ),
  ],
  ['POST /v1/payouts', submit(payouts.payoutAccount, (world, _, body) => payouts.payOut(world, body))],
  ['POST /v1/payouts/quotation', quoting((world, _, body) => quote(world, body))],
  ['POST /v1/exchanges/quotation', quoting((world, _, body) => exchange.quote(world, body))],
  [
    'POST /v1/collections/fees',
    {
      about: (_, __, body) => ({ group: 'fees', key: `fees ${JSON.stringify(body)}` }),
      work: (world, _, body) => collections.fees(world, body),
    },
  ],
  [
    'POST /v1/collections/otp',
    {
      about: (_, __, body) => ({ group: 'otp', key: `otp ${textIn(body, 'phone') ?? '?'}` }),
      work: (world, _, body) => world.otps.send(world.faults.settings, body),
    },
  ],
  [
    'GET /v1/transactions',
    {
      about: (_, call) => ({ group: 'list', key: `list ${call.query.get('search') ?? call.query.toString()}` }),
      work: (world, call) => transactions.list(world, call.query),
    },
  ],
  [
    'GET /v1/auth/token',
    {
      about: () => ({ group: 'token', key: 'token' }),
      work: (world, { headers }) =>
        world.tokens.issue(world.faults.settings, headers['clientid'], headers['clientsecret']),
    },
  ],
  ['POST /v1/exchanges', other((world, _, body) => exchange.exchange(world, body))],
  ['GET /v1/payouts/countries', other(() => payouts.countries())],
  ['GET /v1/beneficiaries', other((world, call) => beneficiaries.list(world, call.query))],
  ['POST /v1/beneficiaries', other((world, _, body) => beneficiaries.create(world, body))],
  ['POST /v1/beneficiaries/accounts/banks', other((world, _, body) => checks.checkBankAccount(world, body))],
  ['POST /v1/beneficiaries/accounts/eversend', other((world, _, body) => checks.checkEversendAccount(world, body))],
  ['GET /v1/wallets', other((world) => wallets.list(world))],
  ['POST /v1/wallets/activate', other((world, _, body) => wallets.turn(world, body, true))],
  ['POST /v1/wallets/deactivate', other((world, _, body) => wallets.turn(world, body, false))],
  ['GET /v1/account', other((world) => wallets.account(world))],
]);

/** Answers one call under /v1. */
export function route(world: World, call: Call): void {
  const { settings } = world.faults;
  const barred = bar(world, call);
  if (barred !== null) {
    world.log.add('call', `${call.method} ${call.path}`, 'barred', { status: barred.status });
    sendReply(call, barred);
    return;
  }
  const endpoint = ENDPOINTS.get(`${call.method} ${call.path}`) ?? parameterised(call);
  if (endpoint === null) {
    sendReply(call, failure(settings, 404, `Cannot ${call.method} ${call.path}`));
    return;
  }
  let body: unknown;
  try {
    body = readJson(call);
  } catch (error) {
    sendReply(call, failure(settings, 400, (error as Error).message));
    return;
  }
  serve(world, call, endpoint.about(world, call, body), () => endpoint.work(world, call, body));
}

/** Endpoints whose last part is an id, a currency or a country. */
function parameterised(call: Call): Endpoint | null {
  const [, , collection, middle = '', last] = call.path.split('/');
  const id = decoded(last ?? middle);
  if (middle === '' || call.path.split('/').length > 5) return null;
  if (collection === 'payouts' && middle === 'banks' && last !== undefined && call.method === 'GET') {
    return other(() => {
      const banks = banksOf(id);
      if (banks === null) throw new Refusal(400, `bank payouts to ${id} are not supported`);
      return success(banks);
    });
  }
  if (last !== undefined) return null;
  switch (`${call.method} ${collection}`) {
    case 'GET transactions':
      return {
        about: (world) => ({ group: 'lookup', ...keyOf(world, id) }),
        work: (world) => transactions.lookUp(world, id),
      };
    case 'GET wallets':
      return other((world) => wallets.one(world, id));
    case 'GET beneficiaries':
      return other((world) => beneficiaries.one(world, id));
    case 'PUT beneficiaries':
      return other((world, _, body) => beneficiaries.edit(world, id, body));
    case 'DELETE beneficiaries':
      return other((world) => beneficiaries.remove(world, id));
    default:
      return null;
  }
}

/** Look-ups by either identifier share the faults and the count of their reference. */
function keyOf(world: World, id: string): { readonly key: string; readonly account: string | null } {
  const operation = world.book.index.withId(id) ?? world.book.index.withReference(id)[0];
  return { key: operation?.key ?? id, account: operation?.account ?? null };
}

/** The answer to a caller who may not come in, or null. */
function bar(world: World, call: Call): Reply | null {
  const { settings } = world.faults;
  if (settings.required_origin !== null && call.headers.origin !== settings.required_origin) {
    return failure(settings, 401, 'Invalid request origin');
  }
  if (settings.rate_limit_per_second !== null && !world.rate.admits(settings.rate_limit_per_second)) {
    return { ...failure(settings, 429, 'too many requests'), headers: { 'retry-after': '1' } };
  }
  if (call.path === '/v1/auth/token' || world.tokens.accepts(call.headers.authorization)) return null;
  return failure(settings, 401, 'invalid token');
}

/** A path part with its escapes undone; as it came when they are malformed. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function textIn(body: unknown, name: string): string | null {
  const value = (body as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return typeof value === 'string' ? value : null;
}
