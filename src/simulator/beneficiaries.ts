// Saved beneficiaries: listed, made, edited and deleted by the caller, or saved by a payout to somebody new.
import type { Beneficiary } from './book-entries.ts';
import * as field from './fields.ts';
import type { Operation, Recipient } from './operation.ts';
import { pageOf } from './paging.ts';
import { Refusal, type Reply, success } from './reply.ts';
import type { World } from './world.ts';

const { required, optional } = field;

const CREATE_SHAPE = {
  firstName: required(field.text),
  lastName: required(field.text),
  country: required(field.country),
  phoneNumber: required(field.phone),
  isBank: optional(field.truth),
  isMomo: optional(field.truth),
  bankName: optional(field.text),
  bankCode: optional(field.text),
  bankAccountName: optional(field.text),
  bankAccountNumber: optional(field.text),
};
const EDIT_SHAPE = Object.fromEntries(Object.entries(CREATE_SHAPE).map(([name, { rule }]) => [name, optional(rule)]));

/** `GET /beneficiaries`. */
export function list(world: World, query: URLSearchParams): Reply {
  const search = query.get('search')?.toLowerCase() ?? '';
  const type = query.get('type');
  const all = [...world.book.beneficiaries.values()].reverse();
  const found = all.filter((beneficiary) => {
    if (type === 'momo' && !beneficiary.isMomo) return false;
    if (type === 'bank' && !beneficiary.isBank) return false;
    if (type === 'eversend') return false;
    const { firstName, lastName, phoneNumber, bankAccountNumber } = beneficiary;
    return `${firstName} ${lastName} ${phoneNumber} ${bankAccountNumber ?? ''}`.toLowerCase().includes(search);
  });
  const { items, page, limit } = pageOf(found, query);
  const beneficiaries = items.map(present);
  return success({ beneficiaries, total: found.length, limit, page, totalBeneficiaries: all.length });
}

/** `GET /beneficiaries/{id}`: an array of one. */
export function one(world: World, id: string): Reply {
  return success({ beneficiary: [present(savedRecipient(world, id, 404))] });
}

/** `POST /beneficiaries`: an array in, no data and no id out. */
export function create(world: World, body: unknown): Reply {
  if (!Array.isArray(body) || body.length === 0) throw new Refusal(400, 'the body must be a JSON array');
  const checked = body.map((item) => field.checkFields(world.faults.settings, item, CREATE_SHAPE));
  for (const given of checked) {
    if (given['isBank'] === true && (given['bankCode'] == null || given['bankAccountNumber'] == null)) {
      throw new Refusal(400, 'bankCode and bankAccountNumber should not be empty');
    }
  }
  for (const given of checked) recipientOf(world, given);
  return success(undefined);
}

/** `PUT /beneficiaries/{id}`. */
export function edit(world: World, id: string, body: unknown): Reply {
  const saved = savedRecipient(world, id, 404);
  const given = field.checkFields(world.faults.settings, body, EDIT_SHAPE);
  world.book.record({ kind: 'beneficiary', beneficiary: { ...saved, ...given, updatedMs: world.now() } });
  return success(undefined);
}

/** `DELETE /beneficiaries/{id}`. */
export function remove(world: World, id: string): Reply {
  world.book.record({ kind: 'beneficiary_removed', id: savedRecipient(world, id, 404).id });
  return success(undefined);
}

/** Raises Refusal (400, or as asked) when there is none with that id. */
export function savedRecipient(world: World, id: unknown, missing = 400): Beneficiary {
  const saved = world.book.beneficiaries.get(Number(id));
  if (saved === undefined) throw new Refusal(missing, 'beneficiary not found');
  return saved;
}

/** The saved beneficiary with exactly these particulars, saving it when it is new. */
export function recipientOf(world: World, given: field.Fields): Beneficiary {
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : null);
  const particulars = {
    firstName: text('firstName'),
    lastName: text('lastName'),
    phoneNumber: text('phoneNumber'),
    country: text('country') ?? '',
    bankCode: text('bankCode'),
    bankName: text('bankName'),
    bankAccountName: text('bankAccountName'),
    bankAccountNumber: text('bankAccountNumber'),
    isBank: given['isBank'] === undefined ? text('bankAccountNumber') !== null : given['isBank'] === true,
    isMomo: given['isMomo'] === undefined ? text('bankAccountNumber') === null : given['isMomo'] === true,
  };
  const wanted = Object.values(particulars).join('\n');
  for (let attempt = 0; ; attempt += 1) {
    const id = 1 + world.seed.below(99_999_999, 'beneficiary', wanted, attempt);
    const other = world.book.beneficiaries.get(id);
    if (other === undefined) {
      const now = world.now();
      const beneficiary = { id, ...particulars, createdMs: now, updatedMs: now };
      world.book.record({ kind: 'beneficiary', beneficiary });
      return beneficiary;
    }
    if (isSame(other, particulars)) return other;
  }
}

function isSame(saved: Beneficiary, particulars: Readonly<Record<string, unknown>>): boolean {
  for (const name in particulars) if (saved[name as keyof Beneficiary] !== particulars[name]) return false;
  return true;
}

function present(saved: Beneficiary) {
  const { createdMs: _, updatedMs: __, isBank, isMomo, ...particulars } = saved;
  return { ...particulars, email: null, isEversend: false, avatar: null, isBank, isMomo, transactions: [] };
}

/** The recipient inside a payout: of an Eversend user only names, phone and country are told. */
export function presentRecipient({ recipient, createdMs }: Operation): object | null {
  if (recipient === null) return null;
  const { id, firstName, lastName, phoneNumber, country, bankCode, bankName, bankAccountName, bankAccountNumber } =
    recipient as Recipient;
  if (id === null) return { firstName, lastName, phoneNumber, country };
  const bank = { bankCode, bankName, bankAccountName, bankAccountNumber };
  const at = new Date(createdMs).toISOString();
  return { id, firstName, lastName, phoneNumber, country, ...bank, createdAt: at, updatedAt: at };
}
