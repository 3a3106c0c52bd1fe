// The base of all row classes: snake_case columns, camelCase fields, no lazy global database.
import { Model, snakeCaseMappers } from 'objection';

/**
 * Row classes declare their fields with `declare` (a plain class field would overwrite what Objection sets) and are always
 * queried with an explicit database or transaction: `Wallet.query(trx)`.
 */
export abstract class BaseModel extends Model {
  static override get columnNameMappers() {
    return snakeCaseMappers();
  }
  static override get useLimitInFirst() {
    return true;
  }
}
