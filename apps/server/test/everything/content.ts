import { fromJsonSchema, type McpServer, ResourceTemplate } from '@modelcontextprotocol/server'
import { image } from './media.ts'

const said = (words: string) => ({
  role: 'user' as const,
  content: { type: 'text' as const, text: words },
})

/** The resources and prompts that the suite reads. */
export function addContent(server: McpServer): void {
  const resource = (
    name: string,
    mimeType: string,
    content: { text: string } | { blob: string },
  ) => {
    const config = { description: `The suite reads ${name}.`, mimeType }
    server.registerResource(name, `test://${name}`, config, ({ href: uri }) => ({
      contents: [{ uri, mimeType, ...content }],
    }))
  }
  resource('static-text', 'text/plain', {
    text: 'This is the content of the static text resource.',
  })
  resource('static-binary', 'image/png', { blob: image.data })
  resource('watched-resource', 'text/plain', { text: 'Watched.' })
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { description: 'The suite reads test://template/123/data.', mimeType: 'application/json' },
    ({ href: uri }, { id }) => ({
      contents: [
        {
          uri,
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
        },
      ],
    }),
  )
  addPrompts(server)
  const nothing = async () => ({})
  server.server.setRequestHandler('resources/subscribe', nothing)
  server.server.setRequestHandler('resources/unsubscribe', nothing)
  server.server.setRequestHandler('completion/complete', async () => ({
    completion: { values: ['paris', 'park', 'party'], total: 3, hasMore: false },
  }))
}

function addPrompts(server: McpServer): void {
  const strings = <Name extends string>(...names: Name[]) =>
    fromJsonSchema<Record<Name, string>>({
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
      required: names,
    })
  server.registerPrompt('test_simple_prompt', { description: 'A prompt.' }, () => ({
    messages: [said('This is a simple prompt for testing.')],
  }))
  server.registerPrompt('test_prompt_with_image', { description: 'A picture.' }, () => ({
    messages: [{ role: 'user', content: image }, said('Please analyze the image above.')],
  }))
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'With arguments.', argsSchema: strings('arg1', 'arg2') },
    ({ arg1, arg2 }) => ({
      messages: [said(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    }),
  )
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'With a resource.', argsSchema: strings('resourceUri') },
    ({ resourceUri }) => {
      const text = 'Embedded resource content for testing.'
      const resource = { uri: resourceUri, mimeType: 'text/plain', text }
      return {
        messages: [
          { role: 'user', content: { type: 'resource', resource } },
          said('Please process the embedded resource above.'),
        ],
      }
    },
  )
}
