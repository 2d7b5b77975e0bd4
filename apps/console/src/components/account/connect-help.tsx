import { useState } from 'react'
import { Button } from '../button.tsx'
import { Mark } from '../mark.tsx'

/** For a person without agents: how the first one comes. */
export function ConnectHelp() {
  const command = `npx countersign agent connect ${location.origin}`
  return (
    <section aria-labelledby="connect" className="card p-6 sm:p-10">
      <Mark className="size-10" />
      <h2 id="connect" className="mt-4 text-lg font-semibold">
        No agent is connected yet
      </h2>
      <p className="mt-1.5 max-w-prose text-muted">
        An agent asks first, and you decide here. To connect one, run this where the agent lives. It
        shows a code and a link; open the link and choose what the agent may do.
      </p>
      <div className="mt-5 flex flex-wrap items-stretch gap-3">
        <code className="flex min-h-10.5 min-w-0 items-center rounded-lg border border-line bg-sunken px-3.5 py-2 font-mono text-sm wrap-anywhere">
          {command}
        </code>
        {'clipboard' in navigator && <CopyButton text={command} />}
      </div>
    </section>
  )
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <Button
      tone="secondary"
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => setCopied(true))
      }}
    >
      <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
    </Button>
  )
}
