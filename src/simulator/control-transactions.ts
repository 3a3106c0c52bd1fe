// Control calls about single transactions: force a status, give the money back, send any webhook, also correctly signed lies.
import { parseWireDecimal } from '../money.ts';
import { summarise } from './book-summary.ts';
import { OrderProblem } from './fault-orders.ts';
import { book, type Turn } from './life.ts';
import type { Operation, Status } from './operation.ts';
import type { Signing } from './webhooks.ts';
import type { World } from './world.ts';

type Fields = Readonly<Record<string, unknown>>;

const KNOWN = ['status', 'reason', 'amount', 'refund', 'webhook', 'signature', 'times'];

/**
 * `{"status": "successful" | "failed" | "pending", "reason", "amount": "1500", "refund": true, "webhook": …}`. The ordinary
 * webhook follows unless `webhook` is false; an object or text instead is sent as it stands, for references nobody knows too.
 */
export async function forceTransaction(world: World, id: string, same: readonly Operation[], body: Fields) {
  const unknown = Object.keys(body).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new OrderProblem(`${unknown} is not known: use ${KNOWN.join(', ')}`);
  const { webhook, status, refund, amount, reason } = body;
  const asksChange = status !== undefined || refund !== undefined || amount !== undefined || reason !== undefined;
  const [operation] = same;
  if (asksChange) {
    if (operation === undefined) throw new OrderProblem(`${id} is not in the book`);
    book(world, operation, turnOf(operation, body), 'control');
  }
  if (typeof webhook === 'object' || typeof webhook === 'string') {
    return {
      ...summarise(world.book, operation?.reference ?? id),
      ...(await sendWebhook(world, { ...body, body: webhook, key: id })),
    };
  }
  if (webhook !== false && operation !== undefined) void world.webhooks.announce(operation, operation.status);
  return summarise(world.book, operation?.reference ?? id);
}

function turnOf(operation: Operation, body: Fields): Turn {
  const { status = operation.status, refund, amount, reason = operation.reason } = body;
  if (!isStatus(status)) throw new OrderProblem('status must be successful, failed or pending');
  if (refund !== undefined && typeof refund !== 'boolean') throw new OrderProblem('refund must be true or false');
  if (reason !== null && typeof reason !== 'string') throw new OrderProblem('reason must be a text or null');
  const amountMinor = amount === undefined ? operation.amountMinor : parseWireDecimal(String(amount));
  if (amountMinor === null || amountMinor <= 0n) throw new OrderProblem('amount must be a decimal text above zero');
  // A failed payout gives the money back unless told otherwise; success and pending do not.
  const usual = status === 'failed' && operation.type === 'payout';
  return { status, reason, amountMinor, isRefunded: refund ?? usual };
}

const isStatus = (value: unknown): value is Status =>
  value === 'successful' || value === 'failed' || value === 'pending';

const SIGNINGS: Readonly<Record<string, Signing>> = {
  valid: 'keyed',
  invalid: 'bad',
  unkeyed: 'unkeyed',
  missing: 'missing',
};

/** `{"body": object or text, "signature": "valid" | "invalid" | "unkeyed" | "missing", "times": 1}`: answers what was answered. */
export async function sendWebhook(world: World, order: Fields) {
  const { body, signature = 'valid', times = 1, key = 'control' } = order;
  const signing = SIGNINGS[String(signature)];
  if (signing === undefined) throw new OrderProblem(`signature must be one of ${Object.keys(SIGNINGS).join(', ')}`);
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1 || times > 1000) {
    throw new OrderProblem('times must be 1 to 1000');
  }
  if (world.webhooks.url === null)
    throw new OrderProblem('there is no webhook address: POST /control/webhook-url first');
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
  const sent = Array.from({ length: times }, () =>
    world.webhooks.deliver(String(key), bytes, signing, { by: 'control' }),
  );
  return { answers: await Promise.all(sent) };
}
