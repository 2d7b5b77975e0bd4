/** How an endpoint is asked with an empty request, and what it may answer to that. */
export interface EndpointExpectation {
  readonly method: 'GET' | 'POST'
  readonly contentType?: string
  readonly statuses: readonly number[]
  /** Whether people's browsers go there: then it may redirect. */
  readonly browser?: boolean
}

const form = 'application/x-www-form-urlencoded'
/** No client, no token, nothing asked: the request is refused, and nothing else happens. */
const refused = [400, 401]
const machine: EndpointExpectation = { method: 'POST', contentType: form, statuses: refused }

/** The endpoints of the authorization server, by their names in its metadata. */
export const endpointExpectations: Readonly<Record<string, EndpointExpectation>> = {
  authorization_endpoint: { method: 'GET', statuses: [400, 302, 303], browser: true },
  token_endpoint: machine,
  userinfo_endpoint: { method: 'GET', statuses: [401] },
  introspection_endpoint: machine,
  revocation_endpoint: machine,
  pushed_authorization_request_endpoint: machine,
  device_authorization_endpoint: machine,
  backchannel_authentication_endpoint: machine,
  // Without a body there is nothing that could be registered.
  registration_endpoint: {
    method: 'POST',
    contentType: 'application/json',
    statuses: [400, 401, 403],
  },
  end_session_endpoint: { method: 'GET', statuses: [200, 302, 303, 400], browser: true },
}
