// Merchants: whoever calls our API.
import { BaseModel } from '../db/base-model.ts';
import type { Db, Trx } from '../db/knex.ts';
import { InvalidRequest } from '../errors.ts';
import { newId } from '../ids.ts';
import { cleanName, NAME_LENGTH } from '../names.ts';

export class Merchant extends BaseModel {
  static override tableName = 'merchants';
  declare id: string;
  declare name: string;
  declare createdAt: Date;
  declare updatedAt: Date;
}

/** Raises InvalidRequest for a name nobody could read. */
export async function createMerchant(db: Db | Trx, of: { name: string }): Promise<Merchant> {
  const name = cleanName(of.name);
  if (name === null) {
    throw InvalidRequest.field(
      'name',
      'invalid_name',
      `Give a name of 1 to ${NAME_LENGTH} visible characters with a letter or digit in it.`,
    );
  }
  return Merchant.query(db).insertAndFetch({ id: newId('merchant'), name });
}
