import { getSession } from '@countersign/server/next'
import { headers } from 'next/headers'
import { cache } from 'react'
import { auth } from './auth.ts'

/** Who asks for the page, looked up once per request; null for nobody. */
export const currentSession = cache(async () => {
  // First of all: a page that reads headers is not rendered when the application is built.
  const asked = await headers()
  return getSession(auth(), asked)
})
