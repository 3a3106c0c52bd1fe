// The story of a transaction, as far as the database knows it: printed with the problems that name it.
import type pg from 'pg';

const MOST = 5;

const STORY = `
  SELECT at, text FROM (
    SELECT at, coalesce(from_state, 'nothing') || ' to ' || to_state || ' by ' || cause || coalesce(' (' || note || ')', '') AS text
      FROM transaction_history WHERE transaction_id = $1
    UNION ALL
    SELECT opened_at, 'attempt ' || number || ' opened; fence ' || coalesce(fence_at::text, 'none') || ', ' || coalesce(verdict, 'open')
      || ', ' || coalesce(hint, 'no hint') || ', ' || look_ups || ' look-ups, ' || negatives || ' of them negative after the fence, '
      || evidence || coalesce(', closed at ' || closed_at, '') FROM attempts WHERE transaction_id = $1
    UNION ALL
    SELECT opened_at, 'case ' || kind || ' ' || evidence FROM cases WHERE subject = $1
    UNION ALL
    SELECT updated_at, 'now ' || state || ', due ' || coalesce(due_at::text, 'never') || ', generation ' || generation || ', ' || tries || ' tries'
      FROM transactions WHERE id = $1
  ) story ORDER BY at`;

/** Of the first few transactions that the sentences name, or that wait for a person. */
export async function storiesOf(database: pg.Pool, sentences: readonly string[]): Promise<readonly string[]> {
  const ids = new Set(sentences.flatMap((sentence) => sentence.match(/\b(?:po|co)[0-9A-Z]{26}\b/g) ?? []));
  const review = await database.query<{ id: string }>(
    "SELECT id FROM transactions WHERE state = 'in_review' ORDER BY id",
  );
  for (const { id } of review.rows) ids.add(id);
  const stories: string[] = [];
  for (const id of [...ids].slice(0, MOST)) {
    const { rows } = await database.query<{ at: Date; text: string }>(STORY, [id]);
    stories.push([id, ...rows.map(({ at, text }) => `  ${at.toISOString().slice(11, 23)}  ${text}`)].join('\n'));
  }
  return stories;
}
