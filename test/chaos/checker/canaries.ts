// I13: secrets and personal data, known by heart, must be found nowhere but in the columns that are meant to hold them.
import { createReadStream } from 'node:fs';
import type pg from 'pg';
import type { Violation } from './violation.ts';

/** Every table is read as text, sealed columns as the bytes they are. */
const SHOWN = 60;

export async function lookForCanaries(
  client: pg.ClientBase,
  of: { readonly canaries: readonly string[]; readonly files: readonly string[] },
): Promise<Violation[]> {
  if (of.canaries.length === 0) return [];
  const found: Violation[] = [];
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  for (const { name } of tables) {
    // A bytea shows as hexadecimal digits, so a canary is looked for in that spelling too.
    const { rows } = await client.query<{ canary: string; row: string }>(
      `SELECT c.canary, left(t::text, ${SHOWN}) AS row FROM ${name} t, unnest($1::text[]) AS c(canary)
       WHERE strpos(t::text, c.canary) > 0 OR strpos(t::text, encode(c.canary::bytea, 'hex')) > 0 LIMIT 5`,
      [of.canaries],
    );
    for (const hit of rows) found.push({ invariant: 'I13', sentence: `${hit.canary} stands in ${name}: ${hit.row}` });
  }
  for (const file of of.files) {
    for (const canary of await inFile(file, of.canaries)) {
      found.push({ invariant: 'I13', sentence: `${canary} stands in ${file}` });
    }
  }
  return found;
}

async function inFile(path: string, canaries: readonly string[]): Promise<Set<string>> {
  const hits = new Set<string>();
  const longest = Math.max(...canaries.map((canary) => canary.length));
  let tail = '';
  for await (const chunk of createReadStream(path, { encoding: 'latin1' })) {
    const text = tail + chunk;
    for (const canary of canaries) if (text.includes(canary)) hits.add(canary);
    tail = text.slice(-longest);
  }
  return hits;
}
