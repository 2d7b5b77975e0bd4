/** What telemetry says about people. Nothing is recorded without an OpenTelemetry SDK in the process. */
export interface TelemetryOptions {
  /**
   * Puts the id of the person on spans, as `user.id`. Metrics never carry it, and an e-mail address or
   * a name is recorded nowhere.
   *
   * @default false
   */
  userId?: boolean | undefined
}
