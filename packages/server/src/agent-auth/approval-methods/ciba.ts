import type { ApprovalMethod, ApprovalPerson, ApprovalRequest } from './approval-method.ts'

/** What a person is told when an agent waits for them. It holds no secret: the link asks to sign in. */
export interface ApprovalNotice extends Pick<
  ApprovalRequest,
  | 'agentId'
  | 'agentName'
  | 'hostName'
  | 'kind'
  | 'asked'
  | 'reason'
  | 'bindingMessage'
  | 'expiresAt'
> {
  readonly approvalId: string
  readonly person: ApprovalPerson
  /** Page of this server that shows the request. */
  readonly approvalUri: string
  /** Aborts when the time for telling is over. */
  readonly signal: AbortSignal
}

/** Options of {@link ciba}. */
export interface CibaOptions {
  /**
   * Tells the person: e-mail, push, webhook. Names and reasons in the notice are what the agent says;
   * show them as plain text. @default nobody is told, the request waits in the inbox
   */
  onApprovalRequested?: (notice: ApprovalNotice) => void | Promise<void>
}

/**
 * CIBA (specification, 7.2): this server asks the person a host is linked to, in their inbox and by
 * `onApprovalRequested`; the agent gets no code to show.
 *
 * Hosts nobody linked cannot use it, and a `login_hint` is never looked up: no answer, delay or mail
 * tells whether an account exists (CIBA Core, section 14).
 */
export function ciba({ onApprovalRequested }: CibaOptions = {}): ApprovalMethod {
  return {
    id: 'ciba',
    available: ({ person }) => person !== null,
    start: ({ expiresIn, bindingMessage }) => ({
      method: 'ciba',
      expires_in: expiresIn,
      interval: 2,
      ...(bindingMessage !== null && { binding_message: bindingMessage }),
    }),
    ...(onApprovalRequested && {
      notify: async (request: ApprovalRequest, signal: AbortSignal) => {
        if (request.person) await onApprovalRequested(noticeOf(request, request.person, signal))
      },
    }),
  }
}

/** The notice, field by field: the user code is not among them. */
function noticeOf(
  request: ApprovalRequest,
  person: ApprovalPerson,
  signal: AbortSignal,
): ApprovalNotice {
  const { id, agentId, agentName, hostName, kind, asked } = request
  const { reason, bindingMessage, approvalUri, expiresAt } = request
  const said = { agentName, hostName, reason, bindingMessage }
  return { approvalId: id, agentId, kind, asked, person, approvalUri, expiresAt, signal, ...said }
}
