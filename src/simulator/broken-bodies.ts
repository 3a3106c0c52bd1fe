// The call faults that begin with HTTP 200 and go wrong in the body: cut, endless, dripping, lying.
import { gzipSync } from 'node:zlib';
import type { Breaker } from './broken-answers.ts';
import { type Call, sendJson, sendText } from './http.ts';
import { failure, type Reply } from './reply.ts';
import type { World } from './world.ts';

const MEGABYTE = 1_000_000;
const JSON_TYPE = { 'content-type': 'application/json' };

const textOf = (reply: Reply | null) => JSON.stringify(reply?.body ?? {});

const truncated: Breaker = ({ call: { response }, reply }) => {
  const text = textOf(reply);
  response.writeHead(200, { ...JSON_TYPE, 'content-length': Buffer.byteLength(text) });
  response.write(text.slice(0, text.length / 2), () => response.destroy());
};

const cutJson: Breaker = ({ call, reply }) => {
  const text = textOf(reply);
  sendText(call.response, 200, text.slice(0, text.length / 2), 'application/json');
};

const errorIn200: Breaker = ({ world, call }) => {
  sendJson(call.response, 200, failure(world.faults.settings, 500, 'An error has occurred').body);
};

const huge: Breaker = ({ call, step }) => {
  call.response.writeHead(200, JSON_TYPE);
  call.response.write('{"padding":"');
  pour(call, Number(step.argument ?? 50));
};

function pour(call: Call, megabytes: number): void {
  if (call.response.destroyed) return;
  if (megabytes > 0) call.response.write('x'.repeat(MEGABYTE), () => pour(call, megabytes - 1));
  else call.response.end('"}');
}

const bombs = new Map<number, Buffer>();

const gzipBomb: Breaker = ({ call, step }) => {
  const megabytes = Number(step.argument ?? 50);
  const bomb = bombs.get(megabytes) ?? gzipSync(Buffer.alloc(megabytes * MEGABYTE, ' '));
  bombs.set(megabytes, bomb);
  call.response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' });
  call.response.end(bomb);
};

const drip: Breaker = ({ world, call, reply }) => {
  const bytes = Buffer.from(textOf(reply));
  call.response.writeHead(200, { ...JSON_TYPE, 'content-length': bytes.length });
  dripOn(world, call, bytes, performance.now() + world.faults.settings.hang_ms);
};

function dripOn(world: World, call: Call, bytes: Buffer, endMs: number): void {
  if (call.response.destroyed) return;
  if (bytes.length === 0) call.response.end();
  else if (performance.now() > endMs) call.response.destroy();
  else {
    call.response.write(bytes.subarray(0, 1));
    world.timers.after(50, () => dripOn(world, call, bytes.subarray(1), endMs));
  }
}

type Fields = Readonly<Record<string, unknown>>;
type Lie = (transaction: Fields) => Fields;

const wrongAmount: Lie = (transaction) => {
  const amount = Number(transaction['amount']) + 1;
  return { ...transaction, amount: typeof transaction['amount'] === 'string' ? String(amount) : amount };
};

const wrongCurrency: Lie = (transaction) => ({
  ...transaction,
  currency: transaction['currency'] === 'USD' ? 'EUR' : 'USD',
});

const wrongReference: Lie = (transaction) => ({
  ...transaction,
  transactionRef: `other${String(transaction['transactionRef'] ?? '')}`,
  transactionId: `BX${String(transaction['transactionId'] ?? '').slice(2)}`,
});

/** The answer with its transaction changed, wherever the endpoint puts it; refusals stay as they are. */
const lying =
  (lie: Lie): Breaker =>
  ({ call, reply }) => {
    const body = (reply?.body ?? {}) as Fields & { readonly data?: Fields };
    sendJson(
      call.response,
      reply?.status ?? 200,
      body.data === undefined ? body : { ...body, data: told(body.data, lie) },
    );
  };

function told(data: Fields, lie: Lie): Fields {
  const { transactions, transaction } = data;
  if (Array.isArray(transactions)) return { ...data, transactions: transactions.map((item) => lie(item as Fields)) };
  if (transaction !== undefined) return { ...data, transaction: lie(transaction as Fields) };
  return lie(data);
}

export const bodyBreakers = {
  truncated,
  cut_json: cutJson,
  empty: ({ call }) => sendText(call.response, 200, '', 'application/json'),
  not_json: ({ call }) => sendText(call.response, 200, 'OK', 'text/plain'),
  error_in_200: errorIn200,
  huge,
  gzip_bomb: gzipBomb,
  drip,
  wrong_amount: lying(wrongAmount),
  wrong_currency: lying(wrongCurrency),
  wrong_reference: lying(wrongReference),
} as const satisfies Record<string, Breaker>;
