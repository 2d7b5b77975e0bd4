import { Navigate, Route, Routes } from 'react-router'
import { AccountLayout } from '../components/account/account-layout.tsx'
import { AgentPage } from './agent.tsx'
import { AgentsPage } from './agents.tsx'
import { AllowPage } from './allow.tsx'
import { AppPage } from './app.tsx'
import { ApprovalsPage } from './approvals.tsx'
import { AppsPage } from './apps.tsx'
import { ConnectPage } from './connect.tsx'
import { NotFoundPage } from './not-found.tsx'
import { PasskeysPage } from './passkeys.tsx'
import { SessionsPage } from './sessions.tsx'

/** The account pages, loaded together the first time one of them is opened. */
export function Account() {
  return (
    <Routes>
      <Route element={<AccountLayout />}>
        <Route index element={<Navigate to="/account/agents" replace />} />
        <Route path="agents" element={<AgentsPage />} />
        <Route path="agents/:agentId" element={<AgentPage />} />
        <Route path="agents/:agentId/allow" element={<AllowPage />} />
        <Route path="approvals" element={<ApprovalsPage />} />
        <Route path="apps" element={<AppsPage />} />
        <Route path="apps/connect" element={<ConnectPage />} />
        <Route path="apps/:hostId" element={<AppPage />} />
        <Route path="sessions" element={<SessionsPage />} />
        <Route path="passkeys" element={<PasskeysPage />} />
      </Route>
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  )
}
