// Exports of many rows: sent as they are read, ended with whoever asked, few at a time, and no filter costs more than any other.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formTokenOf } from '../../src/admin/browser.ts';
import { PANELS, panelOf } from '../../src/admin/panels/all.ts';
import { csvOf } from '../../src/admin/panels/csv.ts';
import { ownOrder } from '../../src/admin/panels/order.ts';
import { readAll } from '../../src/admin/panels/read.ts';
import { type Listening, listen } from '../../src/http/listen.ts';
import { type Browser, type Console, createConsole } from '../support/console.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

/** Far more than what lies between the database and whoever reads: some 16 MB. */
const ROWS = 40_000;
const PIECE = 500;
let world: World;
let site: Console;
let listening: Listening;
let operator: Browser;
let asked = 0;

beforeAll(async () => {
  world = await createWorld();
  await world.db.raw(
    `INSERT INTO audit_log (actor, action, reason) SELECT 'cli:root', 'test.many', repeat('x', 400) FROM generate_series(1, ?)`,
    [ROWS],
  );
  await world.db.raw(`INSERT INTO merchants (id, name)
    SELECT 'me' || lpad(n::text, 26, '0'), repeat('ab_%', 25) FROM generate_series(1, 20500) n`);
  site = createConsole(world);
  operator = await site.visitor('operator');
  listening = await listen(site.app.fetch, { host: '127.0.0.1', port: 0 });
  (world.db as Knex).on('query', ({ sql }: { sql: string }) => {
    if (sql.includes('"listPosition"')) asked += 1;
  });
}, 60_000);
afterAll(async () => {
  await listening.close(1000);
  await site.board.close();
  await world.close();
});

const start = () => operator.post('/admin/audit/export', { action: 'test.many' });

/** The export over a socket of its own, of which nothing is read yet. */
async function begin(): Promise<IncomingMessage> {
  const token = operator.cookies.get('admin_session') ?? '';
  const origin = `http://127.0.0.1:${listening.port}`;
  const asking = request(`${origin}/admin/audit/export`, {
    method: 'POST',
    headers: { origin, cookie: `admin_session=${token}`, 'content-type': 'application/x-www-form-urlencoded' },
  });
  asking.end(new URLSearchParams({ token: formTokenOf(token), action: 'test.many' }).toString());
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  return answer;
}

it('is sent as it is read: whoever reads nothing holds it up, and whoever goes away ends it and makes room', async () => {
  asked = 0;
  const answers = await Promise.all([begin(), begin()]);
  const [chunk] = (await once(answers[0], 'data')) as [Buffer];
  expect(chunk.toString()).toContain('Reason');
  for (const answer of answers) answer.pause();
  // What lies between them fills up, and then nobody asks for more.
  let before = -1;
  await until(async () => {
    const still = asked === before;
    before = asked;
    await wait(300);
    return still && asked === before;
  }, 'the reading stands still');
  expect(asked).toBeLessThan(ROWS / PIECE);
  expect((await start()).status).toBe(429);
  for (const answer of answers) answer.destroy();
  const next = await until(async () => {
    const answer = await start();
    return answer.status === 200 ? answer : null;
  }, 'there is room again');
  await next.body?.cancel();
  await wait(300);
  expect(asked).toBeLessThan(ROWS / PIECE);
}, 60_000);

it('is whole for whoever reads it to its end', async () => {
  const text = await (await start()).text();
  expect(text.trim().split('\r\n')).toHaveLength(ROWS + 1);
}, 60_000);

it('of twenty at once is given to two, and the others are told when to come back', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, start));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
  const late = answers.filter(({ status }) => status === 429);
  expect(late).toHaveLength(18);
  for (const answer of answers) await answer.body?.cancel();
  const again = await start();
  expect(again.status).toBe(200);
  await again.body?.cancel();
});

it.each([
  [1234, 1234, true],
  [ROWS * 2, ROWS, false],
])(
  'ends at its most, here %i, and says in its last line that there is more',
  async (most, expected, cut) => {
    const panel = panelOf('audit');
    if (panel === null) throw new Error('there is no audit log');
    const conditions = [{ sql: 't.action = ?', values: ['test.many'] }];
    const by = { sort: null, order: ownOrder(panel, conditions), backwards: false };
    let ended = 0;
    const file = csvOf(panel, readAll(world, panel, { conditions, by, most }), () => {
      ended += 1;
    });
    const lines = (await new Response(file).text()).trim().split('\r\n');
    expect(lines.filter((line) => line.includes('test.many'))).toHaveLength(expected);
    expect([lines.at(-1)?.includes('The list goes on'), ended]).toEqual([cut, 1]);
  },
  60_000,
);

it('takes no filter for a pattern: what would match everything, or for ever, is a text like any other', async () => {
  const administrator = await site.visitor('administrator');
  const list = async (panel: string, filter: string, value: string) => {
    const began = performance.now();
    const answer = await administrator.get(`/admin/${panel}?${new URLSearchParams({ [filter]: value })}`);
    return { status: answer.status, text: await answer.text(), tookMs: performance.now() - began };
  };
  const bombs = ['%', '%_'.repeat(60), 'ab_%'.repeat(24), '(a+)+$', '\\'.repeat(60)];
  for (const { path, filters } of PANELS)
    for (const { name } of filters.filter(({ kind }) => kind === 'text'))
      for (const bomb of bombs) {
        const { status, tookMs } = await list(path, name, bomb);
        expect([path, name, bomb, [200, 400].includes(status), tookMs < 2000]).toEqual([path, name, bomb, true, true]);
      }
  const named = async (name: string) => (await list('merchants', 'name', name)).text.includes('ab_%ab_%');
  expect([await named('B_%A'), await named('b%a'), await named('a__%')]).toEqual([true, false, false]);
}, 60_000);
