const currency = { enum: ['EUR', 'USD'], description: 'Currency, ISO 4217.' }

const note = { type: ['string', 'null'], description: 'What the transfer is for.' }

/** The shapes the bank's document speaks of. */
export const bankSchemas = {
  Account: {
    type: 'object',
    required: ['id', 'name', 'currency', 'balance'],
    properties: {
      id: { type: 'string', description: 'The account number.' },
      name: { type: 'string', description: 'What the customer calls it.' },
      currency,
      balance: { type: 'number', description: 'Money on the account now.' },
    },
  },
  AccountList: {
    type: 'object',
    required: ['accounts'],
    properties: { accounts: { type: 'array', items: { $ref: '#/components/schemas/Account' } } },
  },
  Transaction: {
    type: 'object',
    required: ['transfer_id', 'amount', 'currency', 'counterparty', 'note', 'booked_at'],
    properties: {
      transfer_id: { type: 'string', description: 'The transfer that moved the money.' },
      amount: {
        type: 'number',
        description: 'Positive when money came in, negative when it left.',
      },
      currency,
      counterparty: { type: 'string', description: 'The other account.' },
      note,
      booked_at: { type: 'string', format: 'date-time' },
    },
  },
  TransactionList: {
    type: 'object',
    required: ['transactions'],
    properties: {
      transactions: { type: 'array', items: { $ref: '#/components/schemas/Transaction' } },
    },
  },
  TransferOrder: {
    type: 'object',
    additionalProperties: false,
    required: ['from', 'to', 'amount', 'currency'],
    properties: {
      from: {
        type: 'string',
        minLength: 1,
        maxLength: 64,
        description: 'Account to take the money from.',
      },
      to: {
        type: 'string',
        minLength: 1,
        maxLength: 64,
        description: 'Account to send the money to.',
      },
      amount: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 1_000_000,
        description: 'How much, with at most two decimals.',
      },
      currency: { ...currency, type: 'string' },
      note: { type: 'string', maxLength: 140, description: 'What the transfer is for.' },
    },
  },
  Transfer: {
    type: 'object',
    required: [
      'id',
      'from',
      'to',
      'amount',
      'currency',
      'note',
      'status',
      'created_at',
      'cancelled_at',
    ],
    properties: {
      id: { type: 'string', description: 'The transfer number.' },
      from: { type: 'string', description: 'Account the money left.' },
      to: { type: 'string', description: 'Account the money went to.' },
      amount: { type: 'number', description: 'How much moved.' },
      currency,
      note,
      status: { enum: ['completed', 'cancelled'] },
      created_at: { type: 'string', format: 'date-time' },
      cancelled_at: { type: ['string', 'null'], format: 'date-time' },
    },
  },
  Problem: {
    type: 'object',
    required: ['type', 'title', 'status', 'code', 'detail'],
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      code: { type: 'string', description: 'Stable name of the problem.' },
      detail: { type: 'string', description: 'What went wrong, in words.' },
    },
  },
}
