// What the description shows is true: strangers' tools accept it, its examples fit its schemas, and each of them is sent to a running system.
import { createHmac, randomUUID } from 'node:crypto';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiRoutes } from '../../src/app.ts';
import { inTransaction } from '../../src/db/knex.ts';
import { createApiKey, SCOPES, type Scope } from '../../src/merchants/api-key.ts';
import { setApprovalLimit } from '../../src/merchants/approval-limit.ts';
import { COLLECTION, PAYOUT } from '../support/api.ts';
import {
  answerOf,
  type DescribedOperation,
  type Description,
  operationsOf,
  pointer,
  validator,
} from '../support/described.ts';
import { startSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const document = await describedBy('https://pay.example.org/api/eversend-payments');
const operations = operationsOf(document);
const problemsAt = validator(document);
const JSON_BODY = 'application/json';

async function describedBy(server: string): Promise<Description> {
  const route = apiRoutes({ server, isStopping: () => false }).find(({ path }) => path === '/openapi.json');
  const reply = await route?.handler({} as never);
  return JSON.parse(String(reply?.body));
}

/** Request examples of an operation by their names, with the schema's place. */
const requestsOf = ({ requestBody, at }: DescribedOperation) =>
  Object.entries(requestBody?.content[JSON_BODY]?.examples ?? {}).map(([name, { value }]) => ({
    name,
    value,
    at: at + pointer('requestBody', 'content', JSON_BODY, 'schema'),
  }));

it("a stranger's linter has nothing to say", async () => {
  const config = await createConfig({
    extends: ['recommended'],
    // The paths are given: `/v1/payouts/banks/{country}` and `/v1/payouts/{id}/cancel` differ in method and in what an id looks like.
    // No public licence, so none that a register knows.
    rules: { 'no-ambiguous-paths': 'off', 'info-license-strict': 'off' },
  });
  const found = await lintFromString({ source: JSON.stringify(document), absoluteRef: '/openapi.json', config });
  expect(found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual([]);
});

describe.each(operations.map((operation) => [operation.operationId, operation] as const))('%s', (_name, operation) => {
  it('has a name of its own that a method can have', () => {
    expect(operation.operationId).toMatch(/^[a-z]+[A-Za-z]+$/);
    expect(operations.filter(({ operationId }) => operationId === operation.operationId)).toHaveLength(1);
  });

  it('names its schemas and gives examples of them', () => {
    const wanting: string[] = [];
    const look = (what: string, media: { schema?: { $ref?: string }; example?: unknown; examples?: unknown }) => {
      if (media.schema === undefined) wanting.push(`${what} has no schema: give it one in defineRoute`);
      else if (media.schema.$ref === undefined && 'properties' in media.schema)
        wanting.push(`${what} has a schema without a name: give it one by .meta({ id: '…' })`);
      if (media.example === undefined && media.examples === undefined)
        wanting.push(`${what} has no example: add \`examples\` (a request) or \`example\` (an answer) in defineRoute`);
    };
    for (const media of Object.values(operation.requestBody?.content ?? {})) look('its body', media);
    for (const status of Object.keys(operation.responses))
      for (const media of Object.values(answerOf(document, operation, status)?.answer.content ?? {}))
        look(`its answer ${status}`, media);
    expect(wanting).toEqual([]);
  });

  it('gives examples that fit its schemas', () => {
    const wrong = requestsOf(operation).flatMap(({ name, value, at }) =>
      problemsAt(at, value).map((problem) => `the request "${name}": ${problem}`),
    );
    for (const status of Object.keys(operation.responses)) {
      const { answer, at } = answerOf(document, operation, status) ?? {};
      for (const [type, { example }] of Object.entries(answer?.content ?? {}))
        for (const problem of problemsAt(at + pointer('content', type, 'schema'), example))
          wrong.push(
            `the answer ${status}: ${problem}; where a part lacks an example, give it one by .meta({ examples: […] })`,
          );
    }
    expect(wrong).toEqual([]);
  });

  it('tells of every usual refusal', () => {
    const statuses = Object.keys(operation.responses);
    const { method, path, requestBody, parameters = [] } = operation;
    expect(statuses).toEqual(expect.arrayContaining(['400', '429', '500']));
    if (path.startsWith('/v1/')) expect(statuses).toEqual(expect.arrayContaining(['401', '403', '503']));
    if (path.startsWith('/v1/') && requestBody !== undefined) expect(statuses).toContain('422');
    if (path.includes('{id}')) expect(statuses).toContain('404');
    const isKeyed = parameters.some(({ name }) => name === 'Idempotency-Key');
    if (method === 'POST' && isKeyed) expect(statuses).toContain('409');
  });
});

/** The one in the examples; there is none of this id. */
const BENEFICIARY = 'be01KAB3R7W2Q8N4YV5T6X9ZCDEF';

describe('each example, sent to a running system', () => {
  let system: TestSystem;
  /** Of a key that may do everything. */
  let secret = '';
  const newKey = (scopes: Scope[]) =>
    createApiKey(system.database.db, { merchantId: system.merchantId, name: 'examples', environment: 'test', scopes });
  beforeAll(async () => {
    system = await startSystem({ redis: false, workers: 1 });
    for (const currency of ['UGX', 'KES']) await system.fund(currency, 10n ** 10n);
    // Whatever is paid in it awaits approval.
    const limit = { merchantId: system.merchantId, currency: 'KES', aboveMinor: 0n, dailyAboveMinor: null };
    await inTransaction(system.database.db, (trx) => setApprovalLimit(trx, limit));
    ({ secret } = await newKey([...SCOPES]));
  }, 120_000);
  afterAll(() => system.close());

  const tomorrow = () => `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 19)}Z`;
  const made = async (path: string, body: unknown) =>
    (await system.call('POST', path, { body, key: randomUUID() })).body as { id: string; walletId: string };
  /** It stays as it was made: its day is still to come. */
  const payout = async () => ({ id: (await made('/v1/payouts', { ...PAYOUT, scheduledAt: tomorrow() })).id });
  const awaiting = async () => ({
    id: (
      await made('/v1/payouts', {
        ...PAYOUT,
        currency: 'KES',
        destinationCurrency: 'KES',
        country: 'KE',
        recipient: { ...PAYOUT.recipient, phone: '+254712345678' },
      })
    ).id,
  });
  const settled = async () => {
    const { id } = await collection();
    const isSettled = async () => (await system.call('GET', `/v1/collections/${id}`)).body as { status: string };
    await until(async () => (await isSettled()).status === 'settled', 'the collection is settled', 60_000);
    return { id };
  };
  const beneficiary = async () => ({
    id: (
      await made('/v1/beneficiaries', {
        method: 'eversend',
        recipient: { email: `${randomUUID()}@example.com` },
      })
    ).id,
  });
  const collection = async () => ({ id: (await made('/v1/collections', COLLECTION)).id });
  const bulk = async () => ({ id: (await made('/v1/payouts/bulk', { payouts: [PAYOUT] })).id });
  const apiKey = async () => ({ id: (await newKey(['payouts:read'])).apiKey.id });
  const endpoint = async () => ({
    id: (await made('/v1/webhook-endpoints', { url: 'https://shop.example/hook' })).id,
  });
  const delivery = async () => {
    const { id } = await endpoint();
    await made(`/v1/webhook-endpoints/${id}/ping`, {});
    const { body } = await system.call('GET', `/v1/webhook-endpoints/${id}/deliveries`);
    return { id, deliveryId: (body as { data: { id: string }[] }).data[0]?.id ?? '' };
  };
  const wallet = async () => ({ id: (await made('/v1/payouts', PAYOUT)).walletId });
  /** How to have what an operation is about, where its path names something. */
  const subjects: Record<string, () => Promise<Record<string, string>>> = {
    getCollection: collection,
    getPayout: payout,
    cancelPayout: payout,
    approvePayout: awaiting,
    refundCollection: settled,
    listRefunds: collection,
    getBeneficiary: beneficiary,
    deleteBeneficiary: beneficiary,
    getTransaction: payout,
    getWallet: wallet,
    getWalletStatement: wallet,
    getWalletStatementFile: wallet,
    getBulk: bulk,
    listBulkRows: bulk,
    getBulkReport: bulk,
    retryBulk: bulk,
    cancelBulk: bulk,
    rotateApiKey: apiKey,
    revokeApiKey: apiKey,
    getWebhookEndpoint: endpoint,
    changeWebhookEndpoint: endpoint,
    deleteWebhookEndpoint: endpoint,
    rotateWebhookSecret: endpoint,
    enableWebhookEndpoint: endpoint,
    pingWebhookEndpoint: endpoint,
    replayEvents: endpoint,
    listDeliveries: endpoint,
    getDelivery: delivery,
    resendDelivery: delivery,
    listPayoutBanks: async () => ({ country: 'NG' }),
  };

  async function pathOf({ operationId, path, parameters = [] }: DescribedOperation): Promise<string> {
    const names = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    if (names.length === 0) return path;
    const subject = subjects[operationId];
    if (subject === undefined) throw new Error(`Add to \`subjects\` how to make what ${operationId} is about.`);
    const values = await subject();
    return names.reduce((filled, name) => filled.replace(`{${name}}`, values[name] ?? ''), path);
  }

  const sent = operations.flatMap((operation): [string, DescribedOperation, unknown][] => {
    const requests = requestsOf(operation);
    if (requests.length === 0) return [[operation.operationId, operation, undefined]];
    return requests.map(({ name, value }) => [`${operation.operationId}, ${name}`, operation, value]);
  });

  it.each(sent)('%s: is answered as documented', async (_name, operation, value) => {
    const { method, path } = operation;
    let body = value === undefined ? undefined : JSON.stringify(value);
    if (body?.includes(BENEFICIARY)) body = body.replace(BENEFICIARY, (await beneficiary()).id);
    const signature = createHmac('sha512', 'webhook-secret')
      .update(body ?? '')
      .digest('hex');
    const response = await fetch(`${system.webs[0]?.url}${await pathOf(operation)}`, {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(method === 'GET' ? {} : { 'idempotency-key': randomUUID() }),
        ...(body === undefined ? {} : { 'content-type': JSON_BODY }),
        ...(path === '/webhooks/eversend' ? { 'x-eversend-signature': signature } : {}),
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const good = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
    expect(good, text).toContain(String(response.status));
    const type = response.headers.get('content-type')?.split(';')[0] ?? '';
    const { at = '' } = answerOf(document, operation, String(response.status)) ?? {};
    const answered = type === JSON_BODY ? JSON.parse(text) : text;
    expect(problemsAt(at + pointer('content', type, 'schema'), answered)).toEqual([]);
  });
});
