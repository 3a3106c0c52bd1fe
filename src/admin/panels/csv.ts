// A list as a file for spreadsheets.
import { csvLine } from '../../csv.ts';
import { plain } from './cell.ts';
import type { AnyPanel } from './panel.ts';
import type { Pieces, Row } from './read.ts';

const CUT = 'The list goes on: an export ends here. Choose a shorter time to have the rest.';

/**
 * Line by line, as fast as it is taken; whoever goes away ends the reading. A list that was not read to its end says so in its last
 * line, which nobody could tell otherwise.
 */
export function csvOf(panel: AnyPanel, pieces: Pieces, ended: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const withCurrency = panel.columns.some((one) => one.right);
  // The mark tells spreadsheets that it is UTF-8.
  const head = `\uFEFF${csvLine([...panel.columns.map((column) => column.name), ...(withCurrency ? ['Currency'] : [])])}`;
  const line = (row: Row) => {
    const cells = panel.columns.map((column) => column.of(row));
    const currency = cells.find((cell) => cell?.as === 'money');
    return csvLine([
      ...cells.map(plain),
      ...(withCurrency ? [currency?.as === 'money' ? currency.currency : null] : []),
    ]);
  };
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode(head)),
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done !== true) return controller.enqueue(encoder.encode(value.map(line).join('')));
        ended();
        if (value) controller.enqueue(encoder.encode(csvLine([CUT])));
        controller.close();
      } catch (error) {
        ended();
        controller.error(error);
      }
    },
    async cancel() {
      ended();
      await pieces.return(false);
    },
  });
}
