// Requests that are taken as they are: what tests bend, repeat and send.
export const COLLECTION = { amount: '2000', currency: 'UGX', country: 'UG', phone: '+256712345678' };
export const PAYOUT = {
  amount: '1000',
  currency: 'UGX',
  method: 'momo',
  country: 'UG',
  destinationCurrency: 'UGX',
  recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
};
export const BANK_PAYOUT = {
  ...PAYOUT,
  method: 'bank',
  country: 'NG',
  destinationCurrency: 'NGN',
  recipient: {
    firstName: 'Ada',
    lastName: 'Example',
    phone: '+2348030000000',
    bankCode: '0000',
    bankName: 'Default Bank',
    accountName: 'ADA EXAMPLE',
    accountNumber: '0123456789',
  },
};
