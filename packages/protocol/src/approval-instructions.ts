import * as z from 'zod'

/** The approval object: what the client does to have a person asked. Agent Auth section 7. */
export const approvalInstructionsSchema = z
  .object({
    /** `device_authorization`, `ciba`, or a method this server defines. */
    method: z.string().min(1),
    verification_uri: z.url().optional(),
    verification_uri_complete: z.url().optional(),
    user_code: z.string().min(1).optional(),
    binding_message: z.string().optional(),
    expires_in: z.number().int().positive(),
    interval: z.number().positive(),
    notification_url: z.url().optional(),
  })
  .refine(
    ({ method, verification_uri: uri, user_code: code }) =>
      method !== 'device_authorization' || (uri !== undefined && code !== undefined),
    'device_authorization needs verification_uri and user_code',
  )

/** What the client does to have a person asked. */
export type ApprovalInstructions = z.infer<typeof approvalInstructionsSchema>
