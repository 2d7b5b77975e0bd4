/** What a listener is told. */
export interface NotificationHandler {
  /** A payload that some process sent on the channel, this one included. */
  onMessage(payload: string): void
  /** `true`: from here on every message arrives. `false`: some may be lost until the next `true`. */
  onState(isComplete: boolean): void
}

/** Listens on one channel until `close` is called. */
export interface Subscription {
  close(): Promise<void>
}
