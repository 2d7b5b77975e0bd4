/** How a check ended. A warning works today and hurts later; a failure breaks somebody now. */
export type CheckStatus = 'ok' | 'warning' | 'failed'

/** One thing that was looked at. */
export interface Check {
  /** Stable, for programs. */
  readonly id: string
  readonly status: CheckStatus
  /** What was found, in one sentence. */
  readonly message: string
  /** What to do about it; null when there is nothing to do. */
  readonly advice: string | null
  /** What was asked; null when it is about no single address. */
  readonly url: string | null
}

interface Finding {
  readonly message: string
  readonly advice?: string
  readonly url?: string
}

const check = (id: string, status: CheckStatus, { message, advice, url }: Finding): Check => ({
  id,
  status,
  message,
  advice: advice ?? null,
  url: url ?? null,
})

/** A check that found what it expected. */
export const passed = (id: string, finding: Omit<Finding, 'advice'>): Check =>
  check(id, 'ok', finding)

/** A check that found something that works and should not stay. */
export const warning = (id: string, finding: Finding & { advice: string }): Check =>
  check(id, 'warning', finding)

/** A check that found something broken. */
export const failed = (id: string, finding: Finding & { advice: string }): Check =>
  check(id, 'failed', finding)
