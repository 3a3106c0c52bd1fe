// What happened to this money, and what may be done about it: said on the page itself, to somebody who has never seen one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meaningOf } from '../../src/admin/panels/meaning.ts';
import { CASE_KINDS } from '../../src/transactions/case.ts';
import { STATE_NAMES } from '../../src/transactions/states.ts';
import { type Browser, type Console, createConsole } from '../support/console.ts';
import { type Filled, fillConsole } from '../support/console-data.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let site: Console;
let data: Filled;
let viewer: Browser;
beforeAll(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  data = await fillConsole(world);
  site = createConsole(world);
  viewer = await site.visitor('viewer');
}, 60_000);
afterAll(async () => {
  await site.board.close();
  await world.close();
});

const said = async (path: string) =>
  /<p class="meaning">(.*?)<\/p>/s.exec(await (await viewer.get(path)).text())?.[1] ?? '';

describe('the page of a payment', () => {
  it('that failed says why, where its money is, and that it takes a new one', async () => {
    await world.db('transactions').where({ id: data.settled }).update({
      state: 'failed',
      settled_at: null,
      failure_code: 'invalid_recipient',
      failure_message: 'Nobody at Eversend has this phone <b>',
    });
    const text = await said(`/admin/transactions/${data.settled}`);
    expect(text).toContain('It did not arrive: Nobody at Eversend has this phone &lt;b&gt;.');
    expect(text).toContain('What was set aside is back in the wallet.');
    expect(text).toContain('may ask for a new payout');
    expect(text).not.toContain('Nothing was ever sent');
  });

  it('says in every state what happened and what is to do, of either type', () => {
    const all = (['payout', 'collection'] as const).flatMap((type) =>
      STATE_NAMES.flatMap((state) =>
        [0, 3].map((tries) =>
          meaningOf({ type, state, tries, attemptNo: 1, failureMessage: 'The number is closed.', scheduledAt: null }),
        ),
      ),
    );
    for (const sentence of all) expect(sentence).toMatch(/^[A-Z].{40,}[^ ]\.$/);
    expect(new Set(all).size).toBeGreaterThan(STATE_NAMES.length + 6);
    expect(all.filter((sentence) => sentence.includes('3 times in vain'))).toHaveLength(2);
    expect(all.join()).not.toMatch(/undefined|null|\.\./);
  });

  it('that waits for its date says so', () => {
    const scheduledAt = new Date(Date.now() + 3_600_000);
    const of = { type: 'payout', state: 'accepted', tries: 0, attemptNo: 0, failureMessage: null } as const;
    expect(meaningOf({ ...of, scheduledAt })).toContain('sent at its time');
    expect(meaningOf({ ...of, scheduledAt: new Date(0) })).not.toContain('sent at its time');
  });
});

it('the page of a case says what is asked, and how to come to an answer while it is open', async () => {
  const { id, kind } = await world.db('cases').whereNull('resolved_at').first();
  expect(CASE_KINDS).toContain(kind);
  expect(await said(`/admin/cases/${id}`)).toMatch(/^[A-Z][^.]+\. .*“Decide” shows what it would do\.$/);
  const end = { resolved_at: new Date(), resolved_by: 'cli:root', resolution: 'acknowledged' };
  await world.db('cases').where({ id }).update(end);
  expect(await said(`/admin/cases/${id}`)).toMatch(/^[A-Z][^.]+\.$/);
});
