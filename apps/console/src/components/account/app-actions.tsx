import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import type { HostView } from '../../api/contract.ts'
import { revokeHost, switchHost, unlinkHost } from '../../api/hosts.ts'
import { useAgentChange } from '../../hooks/use-agents.ts'
import { endingWords, hostName, isHostOver } from '../../lib/host-words.ts'
import { ConfirmDialog } from '../confirm-dialog.tsx'

/** Three ways to take an app away, from the mildest to the last. */
export function AppActions({ host }: { host: HostView }) {
  if (isHostOver(host)) return null
  return (
    <section aria-labelledby="take-away" className="card divide-y divide-line">
      <h2 id="take-away" className="px-5 py-4 text-lg font-semibold sm:px-6">
        Take it away
      </h2>
      <Disconnect host={host} />
      <SwitchAccount host={host} />
      <Revoke host={host} />
    </section>
  )
}

/** Takes an app out of this account, and leaves its page, which is gone with it. */
function useRelease(release: () => Promise<unknown>) {
  const navigate = useNavigate()
  const change = useAgentChange(async () => {
    await release()
    await navigate('/account/apps', { replace: true })
  })
  return () => change.mutateAsync(undefined)
}

function Disconnect({ host }: { host: HostView }) {
  const release = useRelease(() => unlinkHost(host.host_id))
  return (
    <Way
      title="Disconnect"
      text="For when you no longer need it here. It may ask to connect again, and then you decide anew."
    >
      <ConfirmDialog
        trigger="Disconnect"
        title={`Disconnect ${hostName(host)}?`}
        confirm="Disconnect"
        onConfirm={release}
      >
        <p>{endingWords(host.agents)}</p>
        <p className="mt-2">The app keeps its key and may ask to connect again.</p>
      </ConfirmDialog>
    </Way>
  )
}

function SwitchAccount({ host }: { host: HostView }) {
  const release = useRelease(() => switchHost(host.host_id))
  return (
    <Way
      title="Use it with another account"
      text="For when it should work for another account, yours or somebody else’s. It leaves this account; whoever approves its next request gets it."
    >
      <ConfirmDialog
        trigger="Switch account"
        title={`Let ${hostName(host)} go to another account?`}
        confirm="Let it go"
        onConfirm={release}
      >
        <p>{endingWords(host.agents)}</p>
        <p className="mt-2">
          Next: sign in with the other account, start the app, and approve what it asks there.
          Nothing it was allowed here moves over.
        </p>
      </ConfirmDialog>
    </Way>
  )
}

function Revoke({ host }: { host: HostView }) {
  const end = useAgentChange(() => revokeHost(host.host_id))
  return (
    <Way
      title="Revoke"
      text="For when it was lost, stolen or behaves badly. Its key is never accepted again, by any account."
    >
      <ConfirmDialog
        trigger="Revoke app"
        triggerTone="caution"
        title={`Revoke ${hostName(host)} for good?`}
        confirm="Revoke app"
        onConfirm={() => end.mutateAsync(undefined)}
      >
        <p>{endingWords(host.agents)}</p>
        <p className="mt-2">
          This cannot be undone. To connect again, the app has to start over with a new key.
        </p>
      </ConfirmDialog>
    </Way>
  )
}

function Way({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-5 py-4 sm:px-6">
      <div className="min-w-0 flex-1 basis-64">
        <h3 className="font-medium">{title}</h3>
        <p className="text-sm text-muted">{text}</p>
      </div>
      {children}
    </div>
  )
}
