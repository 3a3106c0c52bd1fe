// The client as others get it: packed, installed into a project of its own, its types seen by a strict compiler, run by plain Node.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
const project = mkdtempSync(join(tmpdir(), 'client-package-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

const PROGRAM = `import { ApiError, createClient, type Transaction } from 'eversend-payments-client';
import { type Event, verifyEvent, WebhookVerificationError } from 'eversend-payments-client/webhooks';

const refused = { status: 422, headers: { 'content-type': 'application/problem+json' } };
const client = createClient({
  baseUrl: 'https://pay.example.org',
  apiKey: 'ek_test_x',
  fetch: async (_, init) =>
    init?.method === 'GET'
      ? new Response('{"id":"po1","status":"settled"}', { headers: { 'content-type': 'application/json' } })
      : new Response('{"code":"insufficient_funds","detail":"No."}', refused),
});
const settled: Transaction = await client.waitUntilFinal('po1');
const code: string = await client
  .createPayout({ body: { amount: '1000', currency: 'UGX', method: 'eversend', recipient: { tag: 'ada' } } })
  .then(({ id }) => id, (error: unknown) => (error instanceof ApiError ? error.code : 'none'));
const take = (): Event | string => {
  try {
    return verifyEvent({ secret: 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0', body: '{}', headers: new Headers() });
  } catch (error) {
    return error instanceof WebhookVerificationError ? 'forged' : 'broken';
  }
};
console.log(settled.status, code, take());
`;
const WRONG = `import { createClient } from 'eversend-payments-client';
const client = createClient({ baseUrl: '', apiKey: '' });
await client.createPayout({ body: { amount: 1000, currency: 'UGX', method: 'momo' } });
await client.createPayout();
await client.getPayout({ path: {} });
(await client.getPayout({ path: { id: 'po1' } })).state;
(await client.listTransactions({ query: { status: 'done' } })).data;
`;

const compile = (file: string) =>
  run(resolve(ROOT, 'node_modules/.bin/tsc'), ['-p', '.', '--noEmit', 'false'], { cwd: project }).then(
    () => [],
    ({ stdout }: { stdout: string }) => stdout.split('\n').filter((line) => line.startsWith(file)),
  );

it('is packed with no more than it needs, typed (as the guide shows it) for a strict compiler, and run by plain Node', async () => {
  const { stdout } = await run(process.execPath, ['tools/client-pack.ts'], { cwd: ROOT });
  const installed = join(project, 'node_modules/eversend-payments-client');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['xzf', resolve(ROOT, stdout.trim()), '-C', installed, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  expect(Object.keys(dependencies)).toEqual(['standardwebhooks']);
  symlinkSync(resolve(ROOT, 'node_modules/standardwebhooks'), join(project, 'node_modules/standardwebhooks'));
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const file of Object.values<Record<string, string>>(exports).flatMap(Object.values))
    expect(existsSync(join(ROOT, file)), file).toBe(true);

  const compilerOptions = { module: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'], types: [], strict: true };
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  writeFileSync(join(project, 'program.ts'), PROGRAM);
  const [, shown = ''] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(ROOT, 'docs/client.md'), 'utf8')) ?? [];
  writeFileSync(join(project, 'guide.ts'), shown);
  expect([...(await compile('program.ts')), ...(await compile('guide.ts'))]).toEqual([]);
  expect((await run(process.execPath, ['program.js'], { cwd: project })).stdout).toBe(
    'settled insufficient_funds forged\n',
  );

  writeFileSync(join(project, 'wrong.ts'), WRONG);
  const lines = (await compile('wrong.ts')).map((line) => Number(/\((\d+),/.exec(line)?.[1]));
  expect(lines).toEqual([3, 4, 5, 6, 7]);
}, 120_000);
