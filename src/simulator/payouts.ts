// Payouts: one endpoint, four bodies; the token fixes the money, and the recipient must be the one that was quoted.
import { formatAmount } from '../money.ts';
import { accept, checkReference, operationKey } from './accept.ts';
import { presentRecipient, recipientOf, savedRecipient } from './beneficiaries.ts';
import { COUNTRIES, isBankOf } from './countries.ts';
import * as field from './fields.ts';
import { type Operation, type Recipient, readMinor } from './operation.ts';
import { checkUsable, readToken } from './quotation-token.ts';
import type { Carried } from './quotations.ts';
import { Refusal, type Reply, success } from './reply.ts';
import type { World } from './world.ts';

const { required, optional } = field;

/** `GET /payouts/countries`. */
export function countries(): Reply {
  const shown = [...COUNTRIES.values()].map(({ currency: _, collects: __, ...country }) => country);
  return success({ countries: shown });
}

const COMMON = { token: required(field.text), transactionRef: optional(field.reference) };
const WALLET_SHAPE = COMMON;
const SAVED_SHAPE = {
  token: optional(field.text),
  quotationToken: optional(field.text),
  transactionRef: optional(field.reference),
  beneficiaryId: required(field.either(field.wholeNumber, field.text)),
};
const MOMO_SHAPE = {
  ...COMMON,
  firstName: required(field.text),
  lastName: required(field.text),
  phoneNumber: required(field.phone),
  country: required(field.country),
};
const BANK_SHAPE = {
  ...MOMO_SHAPE,
  bankCode: required(field.text),
  bankName: required(field.text),
  bankAccountName: required(field.text),
  bankAccountNumber: required(field.text),
};

/** The other side of a payout, as far as its body tells: what fault suffixes and plans look at. Never raises. */
export function payoutAccount(world: World, body: unknown): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const given = body as field.Fields;
  if (typeof given['bankAccountNumber'] === 'string') return given['bankAccountNumber'];
  if (typeof given['phoneNumber'] === 'string') return given['phoneNumber'];
  try {
    if (given['beneficiaryId'] !== undefined) return accountOf(savedRecipient(world, given['beneficiaryId']));
    if (typeof given['token'] !== 'string') return null;
    return readToken<Carried>(world, given['token']).recipient?.account ?? null;
  } catch {
    return null;
  }
}

/** `POST /payouts`: debits the wallet by amount and fees, answers pending under `data.transaction`, amounts as numbers. */
export function payOut(world: World, body: unknown): Reply {
  const { settings } = world.faults;
  const given = field.checkFields(settings, body, shapeOf(body));
  const claims = readToken<Carried>(world, tokenOf(given));
  const { quotation } = claims;
  const reference = (given['transactionRef'] ?? null) as string | null;
  checkReference(world, reference);
  checkUsable(world, claims);
  const { recipient, account } = whom(world, given, claims);
  const askedMinor = readMinor(quotation.sourceAmount);
  const feesMinor = readMinor(quotation.totalFees);
  const currency = quotation.sourceCurrency;
  const wallet = world.book.wallets.get(currency);
  if (wallet?.enabled !== true) throw new Refusal(400, `${currency} wallet is not active`);
  if (wallet.balanceMinor < askedMinor + feesMinor) throw new Refusal(402, 'insufficient balance');
  return accept(
    world,
    {
      reference,
      key: operationKey(world, 'payout', reference, account),
      type: 'payout',
      currency,
      askedMinor,
      feesMinor,
      account,
      destinationCurrency: quotation.destinationCurrency,
      destinationAmount: quotation.destinationAmount,
      destinationCountry: quotation.destinationCountry,
      rail: quotation.type,
      recipient,
      quotationId: claims.jti,
    },
    [{ currency, deltaMinor: -(askedMinor + feesMinor) }],
    (operation) => success({ transaction: present(operation) }),
  );
}

function shapeOf(body: unknown): field.Shape {
  const given = (typeof body === 'object' && body !== null ? body : {}) as field.Fields;
  if (given['beneficiaryId'] !== undefined) return SAVED_SHAPE;
  const names = Object.keys(given);
  if (names.some((name) => name.startsWith('bank'))) return BANK_SHAPE;
  return names.some((name) => Object.hasOwn(MOMO_SHAPE, name) && !Object.hasOwn(COMMON, name))
    ? MOMO_SHAPE
    : WALLET_SHAPE;
}

/** The official Node SDK calls it `quotationToken` for saved beneficiaries, and only there. */
function tokenOf(given: field.Fields): string {
  const token = given['token'] ?? given['quotationToken'];
  if (typeof token !== 'string') throw new Refusal(400, 'token should not be empty');
  return token;
}

/** The recipient of the body, checked against country and rail of the quotation. */
function whom(world: World, given: field.Fields, { quotation, recipient }: Carried) {
  if (quotation.type === 'eversend') {
    if (given['beneficiaryId'] !== undefined || given['phoneNumber'] !== undefined) {
      throw new Refusal(400, 'token is for an eversend wallet: no recipient fields expected');
    }
    if (recipient?.exists !== true) throw new Refusal(400, 'recipient has no eversend account');
    const user = { firstName: null, lastName: null, phoneNumber: recipient.phone, country: recipient.country };
    const noBank = { bankCode: null, bankName: null, bankAccountName: null, bankAccountNumber: null };
    return { recipient: { id: null, ...user, ...noBank } satisfies Recipient, account: recipient.account };
  }
  if (given['beneficiaryId'] === undefined && given['phoneNumber'] === undefined) {
    throw new Refusal(400, `token is for a ${quotation.type} payout: recipient fields should not be empty`);
  }
  const saved = given['beneficiaryId'] === undefined ? null : savedRecipient(world, given['beneficiaryId']);
  const isBank = saved === null ? given['bankAccountNumber'] !== undefined : saved.isBank;
  const isMomo = saved === null ? !isBank : saved.isMomo;
  if (!(quotation.type === 'bank' ? isBank : isMomo)) {
    throw new Refusal(400, `token is for a ${quotation.type} payout: the recipient is not`);
  }
  if ((saved?.country ?? given['country']) !== quotation.destinationCountry) {
    throw new Refusal(400, `token is for ${quotation.destinationCountry}: the recipient is elsewhere`);
  }
  const bankCode = saved?.bankCode ?? given['bankCode'];
  if (quotation.type === 'bank' && !isBankOf(quotation.destinationCountry, String(bankCode))) {
    throw new Refusal(400, 'bankCode is not known');
  }
  const found = saved ?? recipientOf(world, given);
  return { recipient: found, account: quotation.type === 'bank' ? accountOf(found) : (found.phoneNumber ?? '') };
}

function accountOf(recipient: Recipient): string {
  return recipient.bankAccountNumber ?? recipient.phoneNumber ?? '';
}

function present(operation: Operation) {
  const reference = operation.reference === null ? {} : { transactionRef: operation.reference };
  return {
    transactionId: operation.transactionId,
    ...reference,
    currency: operation.currency,
    type: 'payout',
    amount: Number(formatAmount(operation.amountMinor)),
    fees: Number(formatAmount(operation.feesMinor)),
    userId: 3,
    balanceBefore: 0,
    balanceAfter: 0,
    sourceCurrency: operation.currency,
    destinationCurrency: operation.destinationCurrency,
    destinationAmount: operation.destinationAmount,
    destinationCountry: operation.destinationCountry,
    beneficiary: presentRecipient(operation),
    reason: operation.reason,
    status: operation.outcome === 'processing' && operation.status === 'pending' ? 'processing' : operation.status,
    createdAt: new Date(operation.createdMs).toISOString(),
    updatedAt: new Date(operation.updatedMs).toISOString(),
  };
}
