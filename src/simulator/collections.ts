// Collections: fees, and the mobile-money collection that a payer must approve.
import { formatAmount } from '../money.ts';
import { accept, checkReference, operationKey } from './accept.ts';
import { COUNTRIES } from './countries.ts';
import * as field from './fields.ts';
import type { Operation } from './operation.ts';
import { collectionChargeMinor, collectionLimits, fixed, walletCapMinor } from './prices.ts';
import { Refusal, type Reply, success } from './reply.ts';
import type { World } from './world.ts';

const { required, optional } = field;

const FEES_SHAPE = {
  method: required(field.oneOf('momo', 'bank')),
  currency: required(field.currency),
  amount: required(field.amount),
};

/** `POST /collections/fees`: every figure is text, in snake case. */
export function fees(world: World, body: unknown): Reply {
  const { settings } = world.faults;
  const given = field.checkFields(settings, body, FEES_SHAPE);
  const currency = given['currency'] as string;
  const amountMinor = field.toMinor(given['amount'] as number) ?? 0n;
  const chargeMinor = collectionChargeMinor(settings, amountMinor);
  const limits = collectionLimits(currency);
  const balanceMinor = world.book.wallets.get(currency)?.balanceMinor ?? 0n;
  return success({
    currency,
    min_load_amount: fixed(limits.leastMinor),
    max_load_amount: fixed(limits.mostMinor),
    max_limit: fixed(walletCapMinor),
    amount_available_to_load: fixed(balanceMinor > walletCapMinor ? 0n : walletCapMinor - balanceMinor),
    charges: formatAmount(chargeMinor),
    total_to_pay: formatAmount(amountMinor + chargeMinor),
    amount: formatAmount(amountMinor),
    payment_method: given['method'] === 'momo' ? '16' : '17',
    new_balance: formatAmount(balanceMinor + amountMinor),
  });
}

const wholeAmount: field.Rule = (value, name) =>
  typeof value === 'number' && !Number.isInteger(value)
    ? `${name} must be an integer number`
    : typeof value === 'number' && value > 2_147_483_647
      ? `${name} must not be greater than 2147483647`
      : field.amount(value, name);

const object: field.Rule = (value, name) => (typeof value === 'object' ? null : `${name} must be an object`);

const shape = (amount: field.Rule, customer: field.Rule) => ({
  phone: required(field.phone),
  amount: required(amount),
  country: required(field.country),
  currency: required(field.currency),
  customer: optional(customer),
  transactionRef: optional(field.reference),
  otp: optional(object),
  redirectUrl: optional(field.url),
  redirect_url: optional(field.url),
});

const customerText: field.Rule = (value, name) => (typeof value === 'string' ? null : `${name} must be a string`);
const STRICT_SHAPE = shape(wholeAmount, customerText);

/** `POST /collections/momo`: answers flat under `data`, pending, with text amounts and null balances. */
export function collect(world: World, body: unknown): Reply {
  const { settings } = world.faults;
  const customer = settings.customer_must_be_string ? customerText : field.either(customerText, object);
  const usual = settings.whole_units && settings.customer_must_be_string;
  const fitting = usual ? STRICT_SHAPE : shape(settings.whole_units ? wholeAmount : field.amount, customer);
  const given = field.checkFields(settings, body, fitting);
  const phone = given['phone'] as string;
  const currency = given['currency'] as string;
  const amountMinor = field.toMinor(given['amount'] as number) ?? 0n;
  const redirectUrl = (given['redirectUrl'] ?? given['redirect_url'] ?? null) as string | null;
  checkPlace(given['country'] as string, currency, redirectUrl);
  const limits = collectionLimits(currency);
  if (amountMinor < limits.leastMinor || amountMinor > limits.mostMinor) {
    const range = `${formatAmount(limits.leastMinor)} and ${formatAmount(limits.mostMinor)}`;
    throw new Refusal(400, `amount must be between ${range} ${currency}`);
  }
  if (world.book.wallets.get(currency)?.enabled !== true) throw new Refusal(400, `${currency} wallet is not active`);
  const reference = (given['transactionRef'] ?? null) as string | null;
  checkReference(world, reference);
  world.otps.use(settings, given['otp'], phone);
  return accept(
    world,
    {
      reference,
      key: operationKey(world, 'collection', reference, phone),
      type: 'collection',
      currency,
      askedMinor: amountMinor,
      feesMinor: collectionChargeMinor(settings, amountMinor),
      account: phone,
      customer: readCustomer(given['customer']),
      redirectUrl,
    },
    [],
    (operation) => success(present(world, operation)),
  );
}

function checkPlace(country: string, currency: string, redirectUrl: string | null): void {
  const place = COUNTRIES.get(country);
  if (place === undefined || !place.collects) throw new Refusal(400, `country ${country} is not supported`);
  if (place.currency !== currency) throw new Refusal(400, `currency ${currency} is not supported in ${country}`);
  if (country === 'GH' && redirectUrl === null) throw new Refusal(400, 'redirectUrl is required for GH');
}

/** The JSON in the customer text, or the text itself. */
function readCustomer(given: unknown): unknown {
  if (typeof given !== 'string') return given ?? null;
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

function present(world: World, operation: Operation) {
  return {
    transactionId: operation.transactionId,
    ...(operation.reference === null ? {} : { transactionRef: operation.reference }),
    type: 'collection',
    currency: operation.currency,
    amount: formatAmount(operation.amountMinor),
    customer: operation.customer,
    balanceBefore: null,
    balanceAfter: null,
    status: operation.outcome === 'processing' && operation.status === 'pending' ? 'processing' : operation.status,
    createdAt: new Date(operation.createdMs).toISOString(),
    updatedAt: new Date(operation.updatedMs).toISOString(),
    ...(operation.redirectUrl === null ? {} : { redirectUrl: `${world.origin}/checkout/${operation.transactionId}` }),
  };
}
