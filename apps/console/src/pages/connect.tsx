import { useState, type SubmitEvent } from 'react'
import { Link } from 'react-router'
import type { CreateHostResponse } from '../api/contract.ts'
import { createEnrollment } from '../api/hosts.ts'
import { AdvanceChoice } from '../components/account/advance-choice.tsx'
import { Loaded } from '../components/account/loaded.tsx'
import { Countdown } from '../components/approval/countdown.tsx'
import { BackLink } from '../components/back-link.tsx'
import { Button, buttonClass } from '../components/button.tsx'
import { CopyLine } from '../components/copy-line.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { Problem } from '../components/problem.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { TextField } from '../components/text-field.tsx'
import { useAgentChange, useGrantable } from '../hooks/use-agents.ts'
import { useHosts } from '../hooks/use-hosts.ts'
import { useNow } from '../hooks/use-now.ts'
import { hostName } from '../lib/host-words.ts'

/** Makes a token with which one app connects by itself. */
export function ConnectPage() {
  const hosts = useHosts().data
  const [made, setMade] = useState<{ token: CreateHostResponse; before: readonly string[] }>()
  const before = hosts?.map(({ host_id }) => host_id) ?? []
  return (
    <div className="grid max-w-170 gap-6">
      <BackLink to="/account/apps">All apps</BackLink>
      <PageHeading title="Connect an app">
        <p>
          For an app you set up yourself. It gets a token from you instead of asking you, and is
          yours from then on.
        </p>
      </PageHeading>
      {made === undefined ? (
        <TokenForm onMade={(token) => setMade({ token, before })} />
      ) : (
        <Token made={made.token} before={made.before} onAgain={() => setMade(undefined)} />
      )}
    </div>
  )
}

function TokenForm({ onMade }: { onMade: (made: CreateHostResponse) => void }) {
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<readonly string[]>([])
  const grantable = useGrantable()
  const making = useAgentChange(() =>
    createEnrollment({
      ...(name.trim() !== '' && { name: name.trim() }),
      default_capabilities: chosen,
    }).then(onMade),
  )
  const make = (): void => making.mutate(undefined)
  return (
    <div className="grid gap-5">
      <form
        className="card grid gap-5 p-5 sm:p-6"
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault()
          if (!making.isPending) make()
        }}
      >
        <TextField
          label="Name (optional)"
          hint="What you want to know it by. Without one, it brings its own."
          placeholder="Build server"
          maxLength={120}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Loaded query={grantable} skeleton={<CardSkeletons count={1} className="h-40" />}>
          {({ capabilities }) => (
            <AdvanceChoice
              legend="Its agents may do without asking"
              capabilities={capabilities}
              chosen={chosen}
              onChange={setChosen}
            />
          )}
        </Loaded>
        <Button type="submit" busy={making.isPending} className="justify-self-start">
          Make a token
        </Button>
      </form>
      <Problem attempt={making} to="make a token" again={make} />
    </div>
  )
}

interface TokenProps {
  made: CreateHostResponse
  /** The apps that were connected before. */
  before: readonly string[]
  onAgain: () => void
}

function Token({ made, before, onAgain }: TokenProps) {
  const hosts = useHosts().data ?? []
  const arrived = hosts.find(({ host_id }) => !before.includes(host_id))
  const over = Date.parse(made.expires_at) <= useNow(1000)
  if (arrived !== undefined) {
    return (
      <Notice tone="good" alert>
        <p className="font-semibold">{hostName(arrived)} is connected.</p>
        <Link
          to={`/account/apps/${arrived.host_id}`}
          className={`mt-3 ${buttonClass('secondary')}`}
        >
          See this app
        </Link>
      </Notice>
    )
  }
  if (over) {
    return (
      <div className="grid gap-4">
        <Notice tone="warn" alert>
          The token has expired and was not used. Nothing was connected.
        </Notice>
        <Button className="justify-self-start" onClick={onAgain}>
          Make a new one
        </Button>
      </div>
    )
  }
  return <TokenCard made={made} />
}

function TokenCard({ made }: { made: CreateHostResponse }) {
  return (
    <section aria-labelledby="token" className="card grid gap-4 p-5 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <h2 id="token" className="text-lg font-semibold">
          Run this where the app lives
        </h2>
        <Countdown expiresAt={made.expires_at} to="use it" />
      </div>
      <CopyLine
        label="Command with the token"
        text={`npx @countersign/cli agent enroll ${location.origin} --token ${made.enrollment_token}`}
      />
      <Notice tone="warn">
        <p className="font-semibold">It is shown only now.</p>
        <p className="mt-1">
          Whoever has the token connects an app in your name. It is good once. Never send it through
          a chat, or to anybody you do not trust.
        </p>
      </Notice>
      <p role="status" className="text-sm text-muted">
        This page tells you when the app is connected.
      </p>
    </section>
  )
}
