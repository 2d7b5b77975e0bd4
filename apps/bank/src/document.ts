import { bankSchemas } from './document-schemas.ts'

/** The bank's OpenAPI 3.1 document. */
export type BankDocument = ReturnType<typeof bankDocument>

/** Describes the bank to its clients; `url` is where they reach it. */
export function bankDocument(url: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Meadow Bank',
      version: '1.0.0',
      description: 'Accounts, statements and transfers of one customer.',
    },
    servers: [{ url }],
    security: [{ bank_credential: [] }],
    paths: { ...accountPaths, ...transferPaths },
    components: {
      securitySchemes: {
        bank_credential: {
          type: 'http',
          scheme: 'bearer',
          description: 'The API credential of the customer.',
        },
      },
      schemas: bankSchemas,
    },
  }
}

const accountId = {
  name: 'account_id',
  in: 'path',
  required: true,
  description: 'The account, for example acc_1.',
  schema: { type: 'string', minLength: 1, maxLength: 64 },
}

function day(name: string, description: string) {
  return { name, in: 'query', description, schema: { type: 'string', format: 'date' } }
}

function schema(name: keyof typeof bankSchemas) {
  return { $ref: `#/components/schemas/${name}` }
}

function json(description: string, of: { $ref: string }) {
  return { description, content: { 'application/json': { schema: of } } }
}

function problem(description: string) {
  return { description, content: { 'application/problem+json': { schema: schema('Problem') } } }
}

const accountPaths = {
  '/accounts': {
    get: {
      operationId: 'listAccounts',
      summary: 'See your accounts',
      description: 'Lists your accounts with their names, currencies and current balances.',
      responses: {
        '200': json('Your accounts.', schema('AccountList')),
        '401': problem('The credential is missing or wrong.'),
      },
    },
  },
  '/accounts/{account_id}': {
    parameters: [accountId],
    get: {
      operationId: 'getAccount',
      summary: 'See one account',
      description: 'Shows the name, currency and current balance of one account.',
      responses: {
        '200': json('The account.', schema('Account')),
        '404': problem('There is no such account.'),
      },
    },
  },
  '/accounts/{account_id}/transactions': {
    parameters: [accountId],
    get: {
      operationId: 'listTransactions',
      summary: 'See what happened on an account',
      description: 'Lists the movements of one account, newest first, within a period.',
      parameters: [
        day('from', 'First day to show, for example 2026-01-31.'),
        day('to', 'Last day to show, for example 2026-02-28.'),
        {
          name: 'limit',
          in: 'query',
          description: 'How many movements to show at most.',
          schema: { type: 'integer', minimum: 1, maximum: 100, default: 50 },
        },
      ],
      responses: {
        '200': json('The movements.', schema('TransactionList')),
        '400': problem('The period or the limit is malformed.'),
        '404': problem('There is no such account.'),
      },
    },
  },
}

const transferPaths = {
  '/transfers': {
    post: {
      operationId: 'transferMoney',
      summary: 'Move money between your accounts',
      description:
        'Moves an amount from one of your accounts to another, at once. Both accounts must be kept in the currency of the transfer.',
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schema('TransferOrder') } },
      },
      responses: {
        '201': json('The money has moved.', schema('Transfer')),
        '400': problem('The order is malformed.'),
        '404': problem('One of the accounts does not exist.'),
        '422': problem('Not enough money, or the wrong currency.'),
      },
    },
  },
  '/transfers/{transfer_id}': {
    parameters: [
      {
        name: 'transfer_id',
        in: 'path',
        required: true,
        description: 'The transfer, for example tr_41f9….',
        schema: { type: 'string', minLength: 1, maxLength: 64 },
      },
    ],
    get: {
      operationId: 'getTransfer',
      summary: 'See one transfer',
      description: 'Shows a transfer and whether it was completed or cancelled.',
      responses: {
        '200': json('The transfer.', schema('Transfer')),
        '404': problem('There is no such transfer.'),
      },
    },
    delete: {
      operationId: 'cancelTransfer',
      summary: 'Take a transfer back',
      description:
        'Cancels a transfer and returns the money, as long as the receiving account still holds it.',
      responses: {
        '200': json('The cancelled transfer.', schema('Transfer')),
        '404': problem('There is no such transfer.'),
        '409': problem('The transfer was cancelled before, or the money is gone.'),
      },
    },
  },
}
