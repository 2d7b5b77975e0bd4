import * as z from 'zod'

/** How a client learns of answers over the back channel, as it stands in its `metadata`. */
const registered = z.object({
  backchannel_token_delivery_mode: z.literal('ping'),
  backchannel_client_notification_endpoint: z.string(),
})

/** Where a client wants a ping, by the metadata of its row (CIBA Core section 4); null for one that polls. */
export function notificationEndpointIn(metadata: unknown): string | null {
  const { data } = registered.safeParse(parsed(metadata))
  return data?.backchannel_client_notification_endpoint ?? null
}

/** The metadata of a client that gets pings there; null for one that polls. */
export function metadataFor(
  notificationEndpoint: string | null,
): z.output<typeof registered> | null {
  if (notificationEndpoint === null) return null
  return {
    backchannel_token_delivery_mode: 'ping',
    backchannel_client_notification_endpoint: notificationEndpoint,
  }
}

/** Some adapters give JSON as the text that it is stored as. */
function parsed(metadata: unknown): unknown {
  if (typeof metadata !== 'string') return metadata
  try {
    return JSON.parse(metadata)
  } catch {
    return null
  }
}
