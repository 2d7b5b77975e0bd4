/** A refusal the client can act on, answered as a problem document (RFC 9457). */
export class BankProblem extends Error {
  readonly status: 400 | 401 | 404 | 409 | 413 | 422
  readonly code: string

  constructor(status: BankProblem['status'], code: string, detail: string) {
    super(detail)
    this.name = 'BankProblem'
    this.status = status
    this.code = code
  }

  /** The body of the answer. */
  toJSON(): { type: string; title: string; status: number; code: string; detail: string } {
    return {
      type: 'about:blank',
      title: this.code.replaceAll('_', ' '),
      status: this.status,
      code: this.code,
      detail: this.message,
    }
  }
}
