// A bulk: many payouts handed in at once, and what became of each row.
import { BaseModel } from '../../db/base-model.ts';
import type { FieldError } from '../../errors.ts';
import type { NewPayout } from '../create.ts';

/** Of one file. */
export const MOST_ROWS = 10_000;

/** `each`: every row takes its own money, or is refused alone. `total`: the wallets cover all rows together, or nothing is taken. */
export type Hold = 'each' | 'total';

/** `accepting` and `cancelling` are a worker's business; `processing` has payouts under way; of `done` all have ended. */
export type BulkState = 'accepting' | 'cancelling' | 'processing' | 'done';

/** `waiting` to be accepted; `accepted`: a payout, whose own state says the rest; `retried`: another round stands in its place. */
export type RowState = 'waiting' | 'accepted' | 'refused' | 'cancelled' | 'retried';

export class Bulk extends BaseModel {
  static override tableName = 'bulks';
  declare id: string;
  declare merchantId: string;
  declare state: BulkState;
  declare hold: Hold;
  /** How many the file had, refused ones included. */
  declare rows: number;
  declare reference: string | null;
  declare metadata: Record<string, string>;
  declare cancelledBy: string | null;
  declare dueAt: Date | null;
  declare generation: number;
  declare rungAt: Date | null;
  declare tries: number;
  declare createdAt: Date;
  declare updatedAt: Date;
}

/** One row as it was read: a payout to make, or what is wrong with it. Rows count from 1. */
export type JudgedRow = { readonly number: number; readonly reference: string | null } & (
  | { readonly payout: NewPayout }
  | { readonly errors: readonly FieldError[] }
);

export interface NewBulk {
  readonly hold: Hold;
  readonly reference: string | null;
  readonly metadata: Record<string, string>;
  readonly allowDuplicates: boolean;
  readonly rows: readonly JudgedRow[];
}

/** A row's number and what is wrong with it, as file-wide refusals name it. */
export function errorsOfRow(number: number, errors: readonly FieldError[]): FieldError[] {
  return errors.map(({ field, ...rest }) => ({ field: `rows.${number}.${field}`, ...rest }));
}
