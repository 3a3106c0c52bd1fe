// What the API can be asked, by name; `isKeyed` asks for an Idempotency-Key. Generated: `npm run client:types`.
export const OPERATIONS = {
  createCollection: { method: 'POST', path: '/v1/collections', isKeyed: true },
  getCollectionFees: { method: 'POST', path: '/v1/collections/fees', isKeyed: false },
  sendCollectionPin: { method: 'POST', path: '/v1/collections/otp', isKeyed: false },
  getCollection: { method: 'GET', path: '/v1/collections/{id}', isKeyed: false },
  createPayout: { method: 'POST', path: '/v1/payouts', isKeyed: true },
  quotePayout: { method: 'POST', path: '/v1/payouts/quote', isKeyed: false },
  cancelPayout: { method: 'POST', path: '/v1/payouts/{id}/cancel', isKeyed: false },
  listPayoutCountries: { method: 'GET', path: '/v1/payouts/countries', isKeyed: false },
  listPayoutBanks: { method: 'GET', path: '/v1/payouts/banks/{country}', isKeyed: false },
  getPayout: { method: 'GET', path: '/v1/payouts/{id}', isKeyed: false },
  listTransactions: { method: 'GET', path: '/v1/transactions', isKeyed: false },
  getTransaction: { method: 'GET', path: '/v1/transactions/{id}', isKeyed: false },
  listWallets: { method: 'GET', path: '/v1/wallets', isKeyed: false },
  getWallet: { method: 'GET', path: '/v1/wallets/{id}', isKeyed: false },
  getWalletStatement: { method: 'GET', path: '/v1/wallets/{id}/statement', isKeyed: false },
} as const;
