import type { ApprovalRequest, OnApproval } from '@countersign/agent'
import { approvalLines, jsonLine } from './output.ts'
import type { Terminal } from './terminal.ts'

/**
 * Shows a person where to approve and opens the page, or prints one JSON line for a program.
 *
 * Only a page on the server's own origin is opened; another one is shown, for the person to judge.
 */
export function approvalReporter(
  terminal: Terminal,
  options: { readonly json: boolean; readonly open: boolean; readonly wait: boolean },
): OnApproval {
  return async (request) => {
    if (options.json) {
      terminal.print(jsonLine({ event: 'approval_required', ...request }))
      return
    }
    for (const line of approvalLines(request, request.issuer)) terminal.print(line)
    const page = options.open && terminal.interactive ? ownPage(request) : undefined
    if (page && (await terminal.open(page))) terminal.print('Opened in your browser.')
    if (options.wait)
      terminal.print('Waiting for the decision. Ctrl-C stops waiting, not the request.')
  }
}

function ownPage(request: ApprovalRequest): URL | undefined {
  const uri = request.verification_uri_complete ?? request.verification_uri
  if (uri === undefined) return undefined
  const url = new URL(uri)
  return url.origin === new URL(request.issuer).origin ? url : undefined
}
