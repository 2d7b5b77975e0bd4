import { Link } from 'react-router'
import { CopyLine } from '../copy-line.tsx'
import { Mark } from '../mark.tsx'

/** For a person without agents: how the first one comes. */
export function ConnectHelp() {
  return (
    <section aria-labelledby="connect" className="card p-6 sm:p-10">
      <Mark className="size-10" />
      <h2 id="connect" className="mt-4 text-lg font-semibold">
        No agent is connected yet
      </h2>
      <p className="mt-1.5 mb-5 max-w-prose text-muted">
        An agent asks first, and you decide here. To connect one, run this where the agent lives. It
        shows a code and a link; open the link and choose what the agent may do.
      </p>
      <CopyLine label="Command" text={`npx @countersign/cli agent connect ${location.origin}`} />
      <p className="mt-5 text-muted">
        Does an agent show you a code already?{' '}
        <Link to="/device" className="link">
          Enter the code
        </Link>
      </p>
    </section>
  )
}
