import { describeCapabilityQuerySchema, parseWith, ProtocolError } from '@countersign/protocol'
import { listingFor } from '../caller.ts'
import type { ProtocolRoute } from '../http.ts'

/** `GET /capability/describe`: one capability with its schemas (specification, 5.2.1). */
export const describeCapability: ProtocolRoute = {
  method: 'GET',
  path: '/capability/describe',
  async handle(request) {
    const { name } = parseWith(describeCapabilityQuerySchema, request.query)
    const { capabilities, grantStatus } = await listingFor(request)
    const capability = capabilities.find((candidate) => candidate.name === name)
    if (!capability) throw new ProtocolError('capability_not_found')

    const { description, location, input, output, dpop, readOnly } = capability
    return {
      body: {
        name,
        description,
        ...(location && { location }),
        ...(dpop && { dpop }),
        ...(input && { input }),
        ...(output && { output }),
        ...(readOnly !== undefined && { read_only: readOnly }),
        ...(grantStatus && { grant_status: grantStatus(name) }),
      },
    }
  },
}
