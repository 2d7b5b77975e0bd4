/** One e-mail, ready to send. */
export interface MailMessage {
  /** One plain address: no name, no list. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Hands e-mails to whoever delivers them. */
export interface MailTransport {
  /**
   * Resolves when the message is accepted, and rejects when it is not. A rejection is tried again,
   * unless its `responseCode` is 500 or more.
   */
  send(message: MailMessage): Promise<void>
}
