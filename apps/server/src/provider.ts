import { isLoopback } from '@countersign/server'
import type { ProviderOptions } from '@countersign/server'
import type { Settings } from './settings.ts'

/** Where the example MCP server of this server stands; also the audience of its tokens. */
export function mcpResource({ baseURL }: Pick<Settings, 'baseURL'>): string {
  return `${baseURL}/mcp`
}

/** What this server offers as an identity provider. */
export function providerOptions(
  settings: Pick<Settings, 'baseURL' | 'dynamicRegistration' | 'host' | 'production'>,
): ProviderOptions {
  const { dynamicRegistration, host, production } = settings
  return {
    dynamicRegistration,
    // A metadata document on this machine, for trying things out where nobody else can connect.
    dangerouslyAllowLoopback: !production && host !== undefined && isLoopback(host),
    scopes: {
      'mcp:read': {
        title: 'Read through the MCP server',
        description: 'Use its tools that only look things up.',
        default: true,
      },
      'mcp:write': {
        title: 'Change things through the MCP server',
        // Not `sensitive`: clients that register themselves may ask a person for it.
        description: 'Use its tools that create, change or delete.',
      },
      'mcp:apps': {
        title: 'See your connected applications',
        description: 'Which applications have access to your account.',
      },
    },
    resources: [
      {
        identifier: mcpResource(settings),
        name: 'MCP server',
        scopes: ['mcp:read', 'mcp:write', 'mcp:apps'],
      },
    ],
  }
}
