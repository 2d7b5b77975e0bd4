// A process that rotates a key and is killed on the way. Arguments: file, agent, issuer, kind, when.
import { createAgentContext } from '@countersign/agent'
import { rotateAgentKey, rotateHostKey } from '@countersign/agent/keys'
import { encryptedFileStorage } from '@countersign/agent/node'

const [file = '', agentId = '', issuer = '', kind = '', when = ''] = process.argv.slice(2)

const context = createAgentContext({
  storage: encryptedFileStorage({ file }),
  fetch: async (input, init) => {
    const isRotation = new Request(input, init).url.endsWith('/rotate-key')
    if (isRotation && when === 'before') process.kill(process.pid, 'SIGKILL')
    const response = await fetch(input, init)
    if (isRotation && when === 'after') process.kill(process.pid, 'SIGKILL')
    return response
  },
})
await (kind === 'host'
  ? rotateHostKey(context, { provider: issuer })
  : rotateAgentKey(context, { agentId, issuer }))
