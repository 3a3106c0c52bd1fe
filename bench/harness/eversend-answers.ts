// Eversend's messages about payouts as its documentation shows them: what the benchmark's provider answers and announces.

export interface Payout {
  readonly id: string;
  readonly reference: string;
  readonly quotation: { readonly sourceAmount: string; readonly destinationCurrency: string };
  readonly createdAt: string;
  status: 'pending' | 'successful';
}

const QUOTATION_LIFETIME_S = 1800;
const JWT_HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
/** Nobody but the real provider could check it, so it costs nothing to make here. */
const JWT_SIGNATURE = 'Y29uc3RhbnQtc2lnbmF0dXJlLW9mLXRoZS1iZW5jaG1hcms';

type Body = Readonly<Record<string, unknown>>;

/** The answer's `data` for a quotation without a charge, valid for half an hour. */
export function quote(body: Body) {
  const amount = String(body['amount']);
  const quotation = {
    sourceCountry: 'UG',
    sourceCurrency: String(body['sourceWallet']),
    sourceAmount: amount,
    destinationCountry: String(body['destinationCountry']),
    destinationCurrency: String(body['destinationCurrency']),
    destinationAmount: amount,
    exchangeRate: '1',
    totalFees: '0',
    totalAmount: `${amount}.00`,
    type: String(body['type']),
    amountType: 'SOURCE',
    amount,
  };
  const iat = Math.floor(Date.now() / 1000);
  const exp = iat + QUOTATION_LIFETIME_S;
  const claims = Buffer.from(JSON.stringify({ quotation, iat, exp })).toString('base64url');
  return {
    token: `${JWT_HEADER}.${claims}.${JWT_SIGNATURE}`,
    expires: new Date(exp * 1000).toISOString().replace('.000Z', '+00:00'),
    quotation,
  };
}

/** The transaction in the answer to a payout that was just taken: amounts are numbers here, strings in the look-up. */
export function sent(payout: Payout, body: Body, beneficiaryId: number) {
  return {
    transactionId: payout.id,
    transactionRef: payout.reference,
    currency: 'UGX',
    type: 'payout',
    amount: Number(payout.quotation.sourceAmount),
    fees: 0,
    userId: 3,
    balanceBefore: 0,
    balanceAfter: 0,
    sourceCurrency: 'UGX',
    destinationCurrency: payout.quotation.destinationCurrency,
    destinationAmount: payout.quotation.sourceAmount,
    destinationCountry: body['country'],
    beneficiary: {
      id: beneficiaryId,
      firstName: body['firstName'],
      lastName: body['lastName'],
      phoneNumber: body['phoneNumber'],
      country: body['country'],
      bankCode: null,
      bankName: null,
      bankAccountName: null,
      bankAccountNumber: null,
      createdAt: payout.createdAt,
      updatedAt: payout.createdAt,
    },
    reason: null,
    status: 'pending',
    createdAt: payout.createdAt,
    updatedAt: payout.createdAt,
  };
}

export function webhook(payout: Payout) {
  return {
    eventType: 'transaction.payout',
    type: 'payout',
    status: 'successful',
    transactionId: payout.id,
    transactionRef: payout.reference,
    currency: 'UGX',
    amount: Number(payout.quotation.sourceAmount),
    fees: 0,
    destinationCurrency: payout.quotation.destinationCurrency,
    destinationAmount: payout.quotation.sourceAmount,
    reason: null,
    updatedAt: new Date().toISOString(),
  };
}

export const WALLET = {
  currency: 'UGX',
  currencyType: 'fiat',
  amount: 9_000_000_000_000,
  enabled: true,
  name: 'Ugandan Shilling',
  icon: 'https://example.com/ugx.png',
  amountInBaseCurrency: 9_000_000_000_000,
  isMain: true,
};

export const UGANDA = {
  id: '999',
  country: 'UG',
  name: 'Uganda',
  phonePrefix: '+256',
  paymentTypes: ['eversend', 'momo', 'bank'],
};

/** The transaction as a look-up shows it. */
export function found(payout: Payout) {
  return {
    id: 792,
    transactionId: payout.id,
    transactionRef: payout.reference,
    type: 'payout',
    currency: 'UGX',
    amount: payout.quotation.sourceAmount,
    fees: '0',
    balanceBefore: '0',
    balanceAfter: '0',
    sourceCurrency: 'UGX',
    destinationCurrency: payout.quotation.destinationCurrency,
    destinationAmount: payout.quotation.sourceAmount,
    sourceCountry: 'UG',
    destinationCountry: 'UG',
    merchantId: null,
    accountId: 3,
    userId: null,
    beneficiaryId: null,
    beneficiary: null,
    user: null,
    customer: null,
    meta: null,
    reason: null,
    isRefunded: false,
    remitOneId: null,
    pesapotId: null,
    pesapotResponse: null,
    status: payout.status,
    createdAt: payout.createdAt,
    updatedAt: payout.createdAt,
  };
}
