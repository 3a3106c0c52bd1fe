// Every action of the console, found by its panel and name.
import { may } from '../permissions.ts';
import type { Session } from '../session.ts';
import type { Action } from './action.ts';
import { BULK_ACTIONS } from './bulks.ts';
import { resolveCase } from './cases.ts';
import { HOUSE_ACTIONS } from './house.ts';
import { LIMIT_ACTIONS } from './limits.ts';
import { MONEY_ACTIONS } from './money.ts';
import { PAYMENT_ACTIONS } from './payments.ts';
import { PEOPLE_ACTIONS } from './people.ts';
import { proposalActions } from './proposals.ts';
import { SECRET_ACTIONS } from './secrets.ts';
import { TELLING_ACTIONS } from './telling.ts';

export const ACTIONS: readonly Action[] = [
  ...proposalActions(actionOf),
  ...PAYMENT_ACTIONS,
  resolveCase,
  ...BULK_ACTIONS,
  ...MONEY_ACTIONS,
  ...HOUSE_ACTIONS,
  ...SECRET_ACTIONS,
  ...LIMIT_ACTIONS,
  ...TELLING_ACTIONS,
  ...PEOPLE_ACTIONS,
];

export function actionOf(panel: string, name: string): Action | null {
  return ACTIONS.find((one) => one.panel === panel && one.name === name) ?? null;
}

/** Those that fit the row and that this person may take. */
export function fittingActions(panel: string, row: Record<string, unknown>, session: Session): readonly Action[] {
  return ACTIONS.filter(
    (one) =>
      one.panel === panel &&
      may(session.role, one.permission) &&
      one.fits(row) &&
      (one.isFor?.(row, session.administratorId) ?? true),
  );
}
