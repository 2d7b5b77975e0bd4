import { useMutation, useQueryClient } from '@tanstack/react-query'
import {
  signInWithCode,
  signInWithPasskey,
  signInWithPassword,
  type SecondFactor,
} from '../api/auth.ts'
import { getSession } from '../api/account.ts'
import { ApiError } from '../lib/api-error.ts'
import { useSession } from './use-session.ts'

/** How a person proves once more who they are. */
export type Proof =
  | { method: 'passkey' }
  | { method: 'password'; password: string }
  | { method: 'code'; factor: SecondFactor }

/** Asks the signed-in person for fresh proof, and refuses the proof of somebody else. */
export function useReauthentication(onDone: () => void) {
  const queries = useQueryClient()
  const person = useSession().data?.user
  return useMutation({
    mutationFn: async (proof: Proof) => {
      if (proof.method === 'passkey') await signInWithPasskey()
      else if (proof.method === 'code') await signInWithCode(proof.factor)
      else await signInWithPassword(person?.email ?? '', proof.password)
      const session = await getSession(AbortSignal.timeout(10_000))
      await queries.invalidateQueries()
      if (session?.user.id !== person?.id) throw new ApiError(403, 'other_person')
    },
    onSuccess: onDone,
  })
}
