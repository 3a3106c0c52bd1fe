// The one writer of CSV: RFC 4180, streamed, and no cell that a spreadsheet would take for a formula.

export type Cell = string | number | null;

/** The whole of a plain number, so that nothing else slips through as one: signed digits with or without decimals. */
const NUMBER = /^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?$/;

/**
 * What spreadsheets take for the beginning of a formula or a command, also behind quotes, spaces and what cannot be seen: = + - @ | %
 * and their full-width and mathematical forms. A tab, a line's end or a NUL in front is dangerous by itself.
 */
const DANGEROUS = /^[\s"'\p{Cc}\p{Cf}]*[=+\-@|%＝＋－＠％｜−﹢﹣﹦﹫]|^\p{Cc}/u;

/** One line. Text that could be a formula gets an apostrophe in front, which spreadsheets take off again; plain numbers stay. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(writeCell).join(',')}\r\n`;
}

function writeCell(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  if (NUMBER.test(text)) return text;
  const safe = DANGEROUS.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A file as it is sent: pages are asked for one after the other, and only as fast as the caller takes them. */
export function csvFile(of: {
  readonly header: readonly string[];
  /** The next page's lines; none ends the file. */
  readonly next: () => Promise<readonly (readonly Cell[])[]>;
}): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let begun = false;
  return new ReadableStream(
    {
      async pull(controller) {
        if (!begun) {
          begun = true;
          controller.enqueue(encoder.encode(csvLine(of.header)));
          return;
        }
        const lines = await of.next();
        if (lines.length === 0) controller.close();
        else controller.enqueue(encoder.encode(lines.map(csvLine).join('')));
      },
    },
    // Nothing is read ahead of the caller.
    { highWaterMark: 0 },
  );
}

/** The headers of a file to be saved; only plain characters of the name are kept. */
export function fileHeaders(name: string): Readonly<Record<string, string>> {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 100);
  return { 'content-disposition': `attachment; filename="${plain === '' ? 'export' : plain}.csv"` };
}
