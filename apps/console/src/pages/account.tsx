import { Navigate, Route, Routes } from 'react-router'
import { AccountLayout } from '../components/account/account-layout.tsx'
import { AgentPage } from './agent.tsx'
import { AgentsPage } from './agents.tsx'
import { AllowPage } from './allow.tsx'
import { AppPage } from './app.tsx'
import { ApprovalsPage } from './approvals.tsx'
import { ApplicationPage } from './application.tsx'
import { ApplicationsPage } from './applications.tsx'
import { AppsPage } from './apps.tsx'
import { ConnectPage } from './connect.tsx'
import { KeysPage } from './keys.tsx'
import { NewApplicationPage } from './new-application.tsx'
import { NotFoundPage } from './not-found.tsx'
import { OrganizationPage } from './organization.tsx'
import { OrganizationsPage } from './organizations.tsx'
import { PasskeysPage } from './passkeys.tsx'
import { SecondFactorPage } from './second-factor.tsx'
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
        <Route path="organizations" element={<OrganizationsPage />} />
        <Route path="organizations/:organizationId" element={<OrganizationPage />} />
        <Route path="keys" element={<KeysPage />} />
        <Route path="second-factor" element={<SecondFactorPage />} />
        <Route path="applications" element={<ApplicationsPage />} />
        <Route path="applications/new" element={<NewApplicationPage />} />
        <Route path="applications/:clientId" element={<ApplicationPage />} />
        <Route path="sessions" element={<SessionsPage />} />
        <Route path="passkeys" element={<PasskeysPage />} />
      </Route>
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  )
}
