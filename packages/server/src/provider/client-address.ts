import type { AuthContext } from '@better-auth/core'
import { getIP } from '@better-auth/core/utils/ip'

/**
 * The address a request came from, or null where the configuration does not say how to know it: Better
 * Auth else believes `X-Forwarded-For`, or makes an address up.
 */
export function clientAddress({ options }: AuthContext, request: Request): string | null {
  const isKnown = (options.advanced?.ipAddress?.ipAddressHeaders ?? []).length > 0
  return isKnown ? getIP(request, options) : null
}
