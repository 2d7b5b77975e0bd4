import {
  acceptedContent,
  type ClientCapabilities,
  CLIENT_CAPABILITIES_META_KEY,
  fromJsonSchema,
  inputRequired,
  type InputRequests,
  type McpServer,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { choices, withDefaults } from './forms.ts'
import { text } from './tools.ts'

type Answers = ServerContext['mcpReq']['inputResponses']
type Properties = Record<string, object>

/** A question with a form. */
const form = (message: string, properties: Properties, required = Object.keys(properties)) =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties, required } as never,
  })

const askName = form('What is your name?', { name: { type: 'string' } })
const askModel = (words: string, maxTokens = 100) =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: words } }],
    maxTokens,
  })

/** What a model said, of an answer to `askModel`. */
function said(answers: Answers, key: string): string | undefined {
  const answer = answers?.[key] as { content?: { text?: unknown } } | undefined
  return typeof answer?.content?.text === 'string' ? answer.content.text : undefined
}

function nameIn(answers: Answers, key: string): string | undefined {
  const name = acceptedContent(answers, key)?.['name']
  return typeof name === 'string' ? name : undefined
}

/** Tools that ask the client first: its person, its model or its roots. */
export function addAskingTools(server: McpServer, states: RequestStateCodec<string>): void {
  const tool = (name: string, run: (context: ServerContext) => unknown) =>
    server.registerTool(name, { description: `The suite calls ${name}.` }, run as never)
  const ask = (inputRequests: InputRequests) => inputRequired({ inputRequests })

  tool('test_input_required_result_elicitation', ({ mcpReq }) => {
    const name = nameIn(mcpReq.inputResponses, 'user_name')
    return name === undefined ? ask({ user_name: askName }) : text(`Hello, ${name}!`)
  })
  tool('test_input_required_result_sampling', ({ mcpReq }) => {
    const answer = said(mcpReq.inputResponses, 'capital_question')
    if (answer !== undefined) return text(answer)
    return ask({ capital_question: askModel('What is the capital of France?') })
  })
  tool('test_input_required_result_list_roots', ({ mcpReq }) => {
    const roots = mcpReq.inputResponses?.['client_roots']
    if (roots) return text(JSON.stringify(roots))
    return ask({ client_roots: inputRequired.listRoots() })
  })
  for (const name of ['request_state', 'tampered_state']) {
    tool(`test_input_required_result_${name}`, async ({ mcpReq }) => {
      if (mcpReq.requestState<string>() === 'asked') return text('state-ok')
      const confirm = form('Please confirm', { ok: { type: 'boolean' } })
      return inputRequired({
        inputRequests: { confirm },
        requestState: await states.mint('asked'),
      })
    })
  }
  tool('test_input_required_result_multiple_inputs', async ({ mcpReq }) => {
    const answers = mcpReq.inputResponses
    const name = nameIn(answers, 'user_name')
    const greeting = said(answers, 'greeting')
    if (name && greeting && answers?.['client_roots']) return text(`${greeting} ${name}`)
    return inputRequired({
      inputRequests: {
        user_name: askName,
        greeting: askModel('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await states.mint('asked'),
    })
  })
  tool('test_input_required_result_multi_round', async ({ mcpReq }) => {
    const state = mcpReq.requestState<string>()
    if (state === 'second') return text('Both steps are done.')
    const inputRequests: InputRequests =
      state === 'first'
        ? { step2: form('Step 2: What is your favorite color?', { color: { type: 'string' } }) }
        : { step1: form('Step 1: What is your name?', { name: { type: 'string' } }) }
    const next = state === 'first' ? 'second' : 'first'
    return inputRequired({ inputRequests, requestState: await states.mint(next) })
  })
  tool('test_input_required_result_capabilities', ({ mcpReq }) => {
    const can = capabilitiesOf(mcpReq.envelope)
    return ask({
      ...(can?.elicitation && { user_name: askName }),
      ...(can?.sampling && { greeting: askModel('Generate a greeting') }),
      ...(can?.roots && { client_roots: inputRequired.listRoots() }),
    })
  })
  tool('test_missing_capability', () => ask({ greeting: askModel('Generate a greeting') }))
  tool('test_streaming_elicitation', () => ask({ user_name: askName }))
  addOlderTools(server)

  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'A prompt that asks first.' },
    (({ mcpReq }: ServerContext) => {
      const context = acceptedContent(mcpReq.inputResponses, 'user_context')?.['context']
      const question = form('What context should the prompt use?', { context: { type: 'string' } })
      if (typeof context !== 'string') return ask({ user_context: question })
      return { messages: [{ role: 'user', content: { type: 'text', text: context } }] }
    }) as never,
  )
}

/** The same for clients of 2025, for whom the SDK asks in the middle of the call. */
function addOlderTools(server: McpServer): void {
  const tool = (name: string, parameter: string | null, run: AskingTool) => {
    const schema = {
      type: 'object',
      properties: parameter ? { [parameter]: { type: 'string' } } : {},
    }
    const inputSchema = fromJsonSchema<Record<string, string>>(schema)
    server.registerTool(name, { description: `The suite calls ${name}.`, inputSchema }, ((
      input: Record<string, string>,
      { mcpReq }: ServerContext,
    ) => {
      const { question, answer } = run(input[parameter ?? ''] ?? '', mcpReq.inputResponses)
      return answer === undefined
        ? inputRequired({ inputRequests: { asked: question } })
        : text(answer)
    }) as never)
  }
  const elicited = (answers: Answers, words: string) => {
    const asked = answers?.['asked'] as { action?: string; content?: unknown } | undefined
    return asked && `${words}: action=${asked.action}, content=${JSON.stringify(asked.content)}`
  }

  tool('test_sampling', 'prompt', (prompt, answers) => {
    const words = said(answers, 'asked')
    return { question: askModel(prompt), answer: words && `LLM response: ${words}` }
  })
  tool('test_elicitation', 'message', (message, answers) => ({
    question: form(message, {
      username: { type: 'string', description: "User's response" },
      email: { type: 'string', description: "User's email address" },
    }),
    answer: elicited(answers, 'User response'),
  }))
  tool('test_elicitation_sep1034_defaults', null, (_, answers) => ({
    question: form('Please check.', withDefaults, []),
    answer: elicited(answers, 'Elicitation completed'),
  }))
  tool('test_elicitation_sep1330_enums', null, (_, answers) => ({
    question: form('Please choose.', choices, []),
    answer: elicited(answers, 'Elicitation completed'),
  }))
}

/** What the client says it can do, in a request of 2026. */
function capabilitiesOf(envelope: object = {}): ClientCapabilities | undefined {
  const found = Object.entries(envelope).find(([key]) => key === CLIENT_CAPABILITIES_META_KEY)
  return found?.[1] as ClientCapabilities | undefined
}

type AskingTool = (
  input: string,
  answers: Answers,
) => { question: InputRequests[string]; answer: string | undefined }
