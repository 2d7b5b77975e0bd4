import { Navigate, Route, Routes } from 'react-router'
import { AccountLayout } from '../components/account/account-layout.tsx'
import { AgentPage } from './agent.tsx'
import { AgentsPage } from './agents.tsx'
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
        <Route path="sessions" element={<SessionsPage />} />
        <Route path="passkeys" element={<PasskeysPage />} />
      </Route>
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  )
}
