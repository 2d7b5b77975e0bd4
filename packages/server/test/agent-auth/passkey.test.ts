import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decide, look, TestHost } from '../support/actors.ts'
import { Authenticator } from '../support/authenticator.ts'
import { bank } from '../support/bank.ts'
import { call, countStatuses } from '../support/http.ts'
import { type TestPerson, type World, worlds } from '../support/worlds.ts'

const required = { status: 403, body: { error: 'webauthn_required' } }
const transfer = {
  capability: 'transfer_money',
  allow: true,
  constraints: { amount: { max: 200 } },
}

describe.each(worlds)('passkey step-up: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(() => world.close())

  async function asked(
    person: TestPerson,
    capabilities: readonly unknown[] = ['list_accounts', 'transfer_money'],
  ) {
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({ capabilities })
    const { user_code } = answer.body.approval
    const { body: view } = await look(world, person, { user_code })
    return { host, agent, view, approval_id: view.approval_id as string }
  }
  const challenge = (person: TestPerson, approval_id: string, capabilities: readonly unknown[]) =>
    call(world.handler, 'POST', '/agent/approval/challenge', {
      cookie: person.cookie,
      body: { approval_id, capabilities },
    })
  const approve = (
    person: TestPerson,
    approval_id: string,
    capabilities: readonly unknown[] | undefined,
    webauthn_response?: unknown,
  ) =>
    decide(world, person, {
      approval_id,
      action: 'approve',
      ...(capabilities && { capabilities }),
      ...(webauthn_response !== undefined && { webauthn_response }),
    })

  it('AA67 approves what changes something only with an assertion over it', async () => {
    const person = await world.person()
    const key = await new Authenticator().enrol(world, person)
    const { agent, view, approval_id } = await asked(person)
    expect(view.webauthn).toEqual({ available: true, required: true })
    expect(await approve(person, approval_id, undefined)).toMatchObject(required)
    expect(await approve(person, approval_id, [transfer])).toMatchObject(required)

    const { status, body } = await challenge(person, approval_id, [transfer])
    expect(status).toBe(200)
    expect(body.options).toMatchObject({
      rpId: 'localhost',
      userVerification: 'required',
      allowCredentials: [{ id: key.credentialId }],
    })
    const assertion = key.assert({ challenge: body.options.challenge })
    expect(await approve(person, approval_id, [transfer], assertion)).toMatchObject({
      status: 200,
      body: { status: 'active' },
    })
    expect((await agent.execute('transfer_money', { amount: 100, to: 'a' })).status).toBe(200)
  })

  it('AA67 what only reads needs no assertion, even for somebody with a passkey', async () => {
    const person = await world.person()
    await new Authenticator().enrol(world, person)
    const { approval_id } = await asked(person)
    const reading = [{ capability: 'list_accounts', allow: true }]
    expect(await approve(person, approval_id, reading)).toMatchObject({ status: 200 })
  })

  it('AA67 refuses an assertion over another decision', async () => {
    const person = await world.person()
    const key = await new Authenticator().enrol(world, person)
    const { agent, approval_id } = await asked(person)
    const others: (readonly unknown[] | undefined)[] = [
      undefined,
      [{ capability: 'transfer_money', allow: true }],
      [{ ...transfer, constraints: { amount: { max: 201 } } }],
      [{ ...transfer, max_uses: 5 }],
      [{ ...transfer, expires_in: 60 }],
      [{ ...transfer, budget: { field: 'amount', limit: 5 } }],
      [transfer, { capability: 'list_accounts', allow: true }],
    ]
    for (const other of others) {
      const { body } = await challenge(person, approval_id, [transfer])
      const assertion = key.assert({ challenge: body.options.challenge })
      expect(await approve(person, approval_id, other, assertion)).toMatchObject(required)
    }
    expect((await agent.execute('transfer_money', { amount: 1, to: 'a' })).status).toBe(403)
  })

  it('AA67 refuses an assertion over another request', async () => {
    const person = await world.person()
    const key = await new Authenticator().enrol(world, person)
    const [first, second] = [await asked(person), await asked(person)]
    const { body } = await challenge(person, first.approval_id, [transfer])
    const assertion = key.assert({ challenge: body.options.challenge })
    expect(await approve(person, second.approval_id, [transfer], assertion)).toMatchObject(required)
  })

  it('AA67 refuses a replayed assertion, also of two at once', async () => {
    const person = await world.person()
    const key = await new Authenticator().enrol(world, person)
    const { approval_id } = await asked(person)
    const { body } = await challenge(person, approval_id, [transfer])
    const assertion = key.assert({ challenge: body.options.challenge })
    const wrong = [{ ...transfer, max_uses: 1 }]
    expect(await approve(person, approval_id, wrong, assertion)).toMatchObject(required)
    expect(await approve(person, approval_id, [transfer], assertion)).toMatchObject(required)

    const next = await challenge(person, approval_id, [transfer])
    const good = key.assert({ challenge: next.body.options.challenge })
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => approve(person, approval_id, [transfer], good)),
    )
    expect(countStatuses(answers)[200]).toBe(1)
  })

  it.each([
    ['without user verification', { userVerified: false }],
    ['of another origin', { origin: 'https://evil.example' }],
    ['of another relying party', { rpId: 'evil.example' }],
    ['of a registration', { type: 'webauthn.create' }],
  ])('AA67 refuses an assertion %s', async (_title, options) => {
    const person = await world.person()
    const key = await new Authenticator().enrol(world, person)
    const { approval_id } = await asked(person)
    const { body } = await challenge(person, approval_id, [transfer])
    const assertion = key.assert({ challenge: body.options.challenge, ...options })
    expect(await approve(person, approval_id, [transfer], assertion)).toMatchObject(required)
  })

  it("AA67 refuses somebody else's passkey, and somebody else's challenge", async () => {
    const [ada, bob] = [await world.person(), await world.person()]
    const [adasKey, bobsKey] = [
      await new Authenticator().enrol(world, ada),
      await new Authenticator().enrol(world, bob),
    ]
    const [mine, theirs] = [await asked(ada), await asked(bob)]
    const { body } = await challenge(ada, mine.approval_id, [transfer])
    const foreign = bobsKey.assert({ challenge: body.options.challenge })
    expect(await approve(ada, mine.approval_id, [transfer], foreign)).toMatchObject(required)

    const disguised = {
      ...bobsKey.assert({ challenge: body.options.challenge }),
      id: adasKey.credentialId,
      rawId: adasKey.credentialId,
    }
    expect(await approve(ada, mine.approval_id, [transfer], disguised)).toMatchObject(required)

    const bobs = await challenge(bob, theirs.approval_id, [transfer])
    const crossed = adasKey.assert({ challenge: bobs.body.options.challenge })
    expect(await approve(ada, mine.approval_id, [transfer], crossed)).toMatchObject(required)
    const stolen = await challenge(bob, mine.approval_id, [transfer])
    expect(stolen).toMatchObject({ status: 404, body: { error: 'approval_not_found' } })
  })

  it('AA67 what demands a passkey is out of reach without one', async () => {
    const person = await world.person()
    const { agent, view, approval_id } = await asked(person, ['close_account', 'transfer_money'])
    expect(view.webauthn).toEqual({ available: false, required: true })
    const close = [{ capability: 'close_account', allow: true }]
    expect(await approve(person, approval_id, close)).toMatchObject(required)
    expect(await approve(person, approval_id, undefined)).toMatchObject(required)
    expect(await challenge(person, approval_id, close)).toMatchObject(required)
    const key = new Authenticator()
    const made = key.assert({ challenge: 'AAAA' })
    expect(await approve(person, approval_id, close, made)).toMatchObject(required)
    // The rest can be approved with a fresh sign-in.
    expect(await approve(person, approval_id, [transfer])).toMatchObject({ status: 200 })
    expect((await agent.execute('close_account')).status).toBe(403)
  })

  it('AA67 no default and no policy activates what demands a passkey', async () => {
    const strict = await world.restart(
      bank({ defaultHostCapabilities: ['close_account', 'list_accounts'] }),
    )
    world = strict
    const person = await world.person()
    const key = await new Authenticator().enrol(world, person)
    const { host, approval_id } = await asked(person, ['list_accounts'])
    expect(await approve(person, approval_id, undefined)).toMatchObject({ status: 200 })
    const { answer, agent } = await host.register({
      capabilities: ['close_account', 'list_accounts'],
    })
    expect(answer.body.status).toBe('pending')
    expect((await agent.execute('close_account')).status).toBe(403)
    expect(key.credentialId).toBeTruthy()
  })

  it.each([
    [{}],
    [{ id: 'x' }],
    [{ response: null }],
    [{ response: { clientDataJSON: '%%%' } }],
    [{ id: 1, response: { clientDataJSON: 'e30', authenticatorData: 1, signature: [] } }],
  ])('AA67 answers the malformed assertion %j with 403', async (assertion) => {
    const person = await world.person()
    await new Authenticator().enrol(world, person)
    const { approval_id } = await asked(person)
    const answer = await approve(person, approval_id, [transfer], assertion)
    expect([400, 403]).toContain(answer.status)
  })
})
