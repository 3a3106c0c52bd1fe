// A JSON file of payouts: read row by row, in slices, so that a file of ten thousand keeps nobody else waiting.
import { isUtf8 } from 'node:buffer';
import { InvalidRequest } from '../../errors.ts';
import type { breather } from '../../payouts/bulk/breather.ts';
import { parseObject } from '../strict-json.ts';

/** A file's rows as they are written, and the object around them with an empty list in their place. */
export interface JsonFile {
  readonly around: Record<string, unknown>;
  readonly rows: readonly Record<string, unknown>[];
}

type Breathe = ReturnType<typeof breather>;

/** Characters looked at between two breaths. */
const STRIDE = 65_536;

/**
 * Reads the object and the first list in it. Raises InvalidRequest for whatever `parseObject` refuses, naming the row, and for more
 * than `mostRows`. A file whose list is not found is one without rows.
 */
export async function readJsonFile(bytes: Buffer, of: { mostRows: number; breathe: Breathe }): Promise<JsonFile> {
  if (!isUtf8(bytes)) return { around: parseObject(bytes), rows: [] };
  const text = bytes.toString('utf8');
  const spans = await rowSpans(text, of);
  if (spans === null) return { around: parseObject(bytes), rows: [] };
  const around = parseObject(Buffer.from(`${text.slice(0, spans.start)}${text.slice(spans.end)}`));
  const rows: Record<string, unknown>[] = [];
  for (const [from, to] of spans.rows) {
    await of.breathe();
    rows.push(readRow(text.slice(from, to), rows.length + 1));
  }
  return { around, rows };
}

function readRow(text: string, number: number): Record<string, unknown> {
  try {
    return parseObject(Buffer.from(text));
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    const { code, message } = error;
    throw new InvalidRequest([{ field: `rows.${number}`, code, message }], { code, message });
  }
}

interface Spans {
  /** What lies between the brackets of the list. */
  readonly start: number;
  readonly end: number;
  readonly rows: readonly (readonly [from: number, to: number])[];
}

/** Where the rows are: the members of the first list that is directly in the outermost object. Null where there is none. */
async function rowSpans(text: string, of: { mostRows: number; breathe: Breathe }): Promise<Spans | null> {
  const rows: [number, number][] = [];
  let depth = 0;
  let inString = false;
  let start = -1;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (at % STRIDE === 0) await of.breathe();
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === 0x5c) at += 1;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      if (depth === 2 && unit === 0x5b && start === -1) {
        start = at + 1;
        from = start;
      }
    } else if (unit === 0x2c && depth === 2 && start !== -1) {
      rows.push([from, at]);
      from = at + 1;
      if (rows.length >= of.mostRows) throw tooMany(of.mostRows);
    } else if (unit === 0x5d || unit === 0x7d) {
      depth -= 1;
      if (depth !== 1 || start === -1) continue;
      // A brace here is no end of a list: the whole is no JSON, which the parser says best.
      if (unit === 0x7d) return null;
      const isEmpty = rows.length === 0 && text.slice(from, at).trim() === '';
      if (!isEmpty) rows.push([from, at]);
      return { start, end: at, rows };
    }
  }
  return null;
}

export function tooMany(mostRows: number): InvalidRequest {
  return InvalidRequest.field('rows', 'too_many', `Send at most ${mostRows} rows in one file. Split it.`);
}
