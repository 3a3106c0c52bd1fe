// The one list of states, and everything that must agree with it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFinal, mayMove, STATE_NAMES, STATES } from '../../src/transactions/states.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

const constraint = async (name: string) => {
  const { rows } = await database.db.raw(
    'SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = ?',
    [name],
  );
  return [...(rows[0].text as string).matchAll(/'([a-z_]+)'::text/g)].map((match) => match[1]).toSorted();
};

describe('the states', () => {
  it('are the same in the code and in the database', async () => {
    expect(await constraint('known_state')).toEqual(STATE_NAMES.toSorted());
  });

  it('are final in the database exactly where they are in the code: only those may have no due date', async () => {
    expect(await constraint('due_unless_final')).toEqual(STATE_NAMES.filter(isFinal).toSorted());
  });

  it('are reachable, and every move leads to a state that exists', () => {
    const reachable = new Set<string>([
      'awaiting_approval',
      'accepted',
      ...STATE_NAMES.flatMap((from) => STATES[from].to),
    ]);
    expect([...reachable].toSorted()).toEqual(STATE_NAMES.toSorted());
  });

  it('never lead back to sending once the provider may know, but by way of a verdict', () => {
    for (const from of STATE_NAMES) {
      if (mayMove(from, 'submitting')) expect(STATES[from].providerKnows).toBe('nothing');
    }
  });
});
