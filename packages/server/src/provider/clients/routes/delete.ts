import { ProtocolError } from '@countersign/protocol'
import { deleteClient as deleteStored } from '../../store/clients.ts'
import { requireClient } from '../access.ts'
import { CLI_CLIENT_ID } from '../built-in.ts'
import { administrationRoute } from '../endpoint.ts'
import { forgetClient } from '../forget.ts'

/** `DELETE /oidc/clients/{id}`: ends an application, its tokens and what people let it do, at once. */
export const deleteClient = administrationRoute({
  method: 'DELETE',
  path: '/oidc/clients/:id',
  async handle({ context, caller, part }) {
    const { clientId } = await requireClient(context, caller, {
      name: part('id'),
      action: 'delete',
    })
    if (clientId === CLI_CLIENT_ID) {
      throw new ProtocolError('unauthorized', {
        message: 'The application of the command line cannot be deleted: disable it instead.',
      })
    }
    const isDeleted = await deleteStored(context.store, clientId)
    forgetClient(context, clientId)
    if (!isDeleted) throw new ProtocolError('client_not_found')
    return { body: { deleted: true } }
  },
})
