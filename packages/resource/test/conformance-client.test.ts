import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import {
  conformanceNode,
  conformanceSkipped,
  passedScenarios,
  runConformance,
} from '../../../testing/conformance.ts'

const client = fileURLToPath(new URL('conformance-client-process.ts', import.meta.url))

it.skipIf(!conformanceNode)(
  `PP2 M34 M46 the MCP conformance suite, client: auth${conformanceSkipped}`,
  { timeout: 120_000 },
  async () => {
    // As the suite splits it: a program and its arguments.
    const command = `${conformanceNode} --disable-warning=ExperimentalWarning ${client}`
    const run = await runConformance(['client', '--suite', 'auth', '--command', command])
    expect(passedScenarios(run), run.output).toEqual([
      'auth/metadata-default',
      'auth/metadata-var1',
      'auth/metadata-var2',
      'auth/metadata-var3',
      'auth/basic-cimd',
      'auth/scope-from-www-authenticate',
      'auth/scope-from-scopes-supported',
      'auth/scope-omitted-when-undefined',
      'auth/scope-step-up',
      'auth/scope-retry-limit',
      'auth/token-endpoint-auth-basic',
      'auth/token-endpoint-auth-post',
      'auth/token-endpoint-auth-none',
      'auth/pre-registration',
    ])
    expect([...run.scenarios.keys()]).toEqual(passedScenarios(run))
  },
)
