import { useEffect, useState } from 'react'
import { hasCode } from '../lib/api-error.ts'

/**
 * Notices that a request is not what the person first saw any more. It stays so until they say that
 * they have read it again.
 */
export function useReview(digest: string, error: unknown, refresh: () => void) {
  const [seen, setSeen] = useState(digest)
  const refused = hasCode(error, 'approval_changed')
  useEffect(() => {
    if (refused) refresh()
  }, [refused, refresh])
  return { changed: refused || seen !== digest, accept: () => setSeen(digest) }
}
