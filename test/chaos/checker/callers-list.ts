// I7 and I9: our rows against the callers' own list of what they were told.
import { readFileSync } from 'node:fs';
import type pg from 'pg';
import type { Violation } from './violation.ts';

/** One request, one line of the list. Bodies are the bytes that were answered. */
export interface CallerLine {
  readonly key: string;
  /** Of the first definite answer. */
  readonly status: number;
  readonly body: string;
  /** The same request once more, when everything was over; null where that was not asked. */
  readonly again: string | null;
}

export function readCallersList(path: string): CallerLine[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CallerLine);
}

export async function compareWithCallers(client: pg.ClientBase, lines: readonly CallerLine[]): Promise<Violation[]> {
  const found: Violation[] = [];
  const report = (invariant: string, sentence: string) => found.push({ invariant, sentence });
  const told = new Map<string, string>();
  const first = new Map<string, string>();
  for (const line of lines) {
    if (line.again !== null && line.again !== line.body) {
      report('I9', `key ${line.key} was answered ${line.body} and later ${line.again}`);
    }
    if (line.status < 200 || line.status > 299) continue;
    // Twins: one key sent twice at the same moment.
    if ((first.get(line.key) ?? line.body) !== line.body) report('I9', `key ${line.key} was answered in two ways`);
    first.set(line.key, line.body);
    const { id } = JSON.parse(line.body) as { id: string };
    const other = told.get(id);
    if (other !== undefined && other !== line.key)
      report('I9', `keys ${other} and ${line.key} were both answered ${id}`);
    told.set(id, line.key);
  }
  const { rows } = await client.query<{ id: string }>('SELECT id FROM transactions');
  const stored = new Set(rows.map((row) => row.id));
  for (const [id, key] of told) if (!stored.has(id)) report('I7', `${id} was accepted under key ${key} and is lost`);
  for (const id of stored) if (!told.has(id)) report('I7', `${id} exists and no caller was told of it`);
  const keys = await client.query<{ key: string }>('SELECT key FROM idempotency_keys');
  const known = new Set(keys.rows.map((row) => row.key));
  for (const [id, key] of told) if (!known.has(key)) report('I9', `the key ${key} of ${id} is not stored`);
  return found;
}
