// Makes samples/payments.csv: five hundred rows from a seed, the same every time. `node samples/generate.ts` writes it anew.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BAD_ROWS } from './bad-rows.ts';
import { type Draft, goodRows } from './good-rows.ts';
import { drawing, People } from './people.ts';
import { COLUMNS, type Row, writeRows } from './rows.ts';

export const SAMPLE_FILE = join(import.meta.dirname, 'payments.csv');
const SEED = 20_261_101;
const ROWS = 500;

/** All rows, numbered, good and bad in one mixture. */
export function sampleRows(): Row[] {
  const people = new People(drawing(SEED));
  const drafts: Draft[] = people.shuffle([...goodRows(people, ROWS - BAD_ROWS.length), ...BAD_ROWS]);
  const empty = Object.fromEntries(COLUMNS.map((column) => [column, ''])) as Row;
  return drafts.map((draft, at) => {
    const number = String(at + 1).padStart(4, '0');
    return { ...empty, ...draft, row: String(at + 1), reference: `DEMO-${number}` };
  });
}

if (import.meta.main) {
  writeFileSync(SAMPLE_FILE, writeRows(sampleRows()));
  console.log(`${SAMPLE_FILE}: ${ROWS} rows`);
}
