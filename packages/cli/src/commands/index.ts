import type { Command } from '../command.ts'
import { capabilities } from './capabilities.ts'
import { connect } from './connect.ts'
import { connections } from './connections.ts'
import { describe } from './describe.ts'
import { disconnect } from './disconnect.ts'
import { discover } from './discover.ts'
import { doctor } from './doctor.ts'
import { enroll } from './enroll.ts'
import { execute } from './execute.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { mcp } from './mcp.ts'
import { migrate } from './migrate.ts'
import { oidcCommands } from './oidc/index.ts'
import { providers } from './providers.ts'
import { reactivate } from './reactivate.ts'
import { request } from './request.ts'
import { rotateKey } from './rotate-key.ts'
import { search } from './search.ts'
import { sign } from './sign.ts'
import { status } from './status.ts'
import { whoami } from './whoami.ts'

/** Commands that belong together, called as `countersign <name> <command>`. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly commands: readonly Command[]
}

/** Every command. Adding one: new file here, new line below. */
export const groups: readonly CommandGroup[] = [
  {
    name: 'agent',
    summary: 'Connect agents to services and act through them',
    commands: [
      search,
      discover,
      providers,
      capabilities,
      describe,
      enroll,
      connect,
      status,
      request,
      execute,
      reactivate,
      rotateKey,
      disconnect,
      sign,
      connections,
    ],
  },
  {
    name: 'oidc',
    summary: 'Manage the applications that people sign in to with your server',
    commands: oidcCommands,
  },
]

/** Commands that belong to no group, called as `countersign <name>`. */
export const singleCommands: readonly Command[] = [login, logout, whoami, doctor, mcp, migrate]
