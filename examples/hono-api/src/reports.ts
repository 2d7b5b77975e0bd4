import type { OrgContext } from '@countersign/server'

/** What a program found out. */
export interface Report {
  readonly text: string
  readonly at: string
}

type Organization = Pick<OrgContext, 'organizationId'> | null

/** The reports of every organization, in memory. */
export class Reports {
  readonly #byOrganization = new Map<string, Report[]>()

  /** Those of one organization, the oldest first. */
  of(organization: Organization): readonly Report[] {
    return this.#byOrganization.get(organization?.organizationId ?? '') ?? []
  }

  /** Keeps a report, or returns null for what is none. */
  add(organization: Organization, body: unknown): Report | null {
    const text = typeof body === 'object' && body !== null && 'text' in body ? body.text : null
    if (!organization || typeof text !== 'string' || text.length > 1000) return null
    const report = { text, at: new Date().toISOString() }
    this.#byOrganization.set(organization.organizationId, [...this.of(organization), report])
    return report
  }

  /** Forgets those of one organization. */
  removeAll(organization: Organization): void {
    this.#byOrganization.delete(organization?.organizationId ?? '')
  }
}
