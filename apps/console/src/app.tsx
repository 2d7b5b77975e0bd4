import { lazy, Suspense } from 'react'
import { BrowserRouter, Navigate, Route, Routes, useParams } from 'react-router'
import { PageSkeleton } from './components/skeleton.tsx'
import { RequireSession } from './components/require-session.tsx'
import { home } from './lib/safe-next.ts'
import { NotFoundPage } from './pages/not-found.tsx'
import { ForgotPasswordPage } from './pages/forgot-password.tsx'
import { ResetPasswordPage } from './pages/reset-password.tsx'
import { SignInPage } from './pages/sign-in.tsx'
import { SignUpPage } from './pages/sign-up.tsx'

const DevicePage = lazy(async () => ({ default: (await import('./pages/device.tsx')).DevicePage }))
const ConsentPage = lazy(async () => ({
  default: (await import('./pages/consent.tsx')).ConsentPage,
}))
const SelectAccountPage = lazy(async () => ({
  default: (await import('./pages/select-account.tsx')).SelectAccountPage,
}))
const SignedOutPage = lazy(async () => ({
  default: (await import('./pages/signed-out.tsx')).SignedOutPage,
}))
const OAuthErrorPage = lazy(async () => ({
  default: (await import('./pages/oauth-error.tsx')).OAuthErrorPage,
}))
const AcceptInvitationPage = lazy(async () => ({
  default: (await import('./pages/accept-invitation.tsx')).AcceptInvitationPage,
}))
const Account = lazy(async () => ({ default: (await import('./pages/account.tsx')).Account }))

/** Every page of the console. */
export function App() {
  return (
    <BrowserRouter>
      <Suspense fallback={<PageSkeleton />}>
        <Routes>
          <Route path="/" element={<Navigate to={home} replace />} />
          <Route path="/sign-in" element={<SignInPage />} />
          <Route path="/sign-up" element={<SignUpPage />} />
          <Route path="/forgot-password" element={<ForgotPasswordPage />} />
          <Route path="/reset-password" element={<ResetPasswordPage />} />
          <Route path="/consent" element={<ConsentPage />} />
          <Route path="/select-account" element={<SelectAccountPage />} />
          <Route path="/signed-out" element={<SignedOutPage />} />
          <Route path="/oauth-error" element={<OAuthErrorPage />} />
          <Route path="/connected-apps" element={<Navigate to="/account/apps" replace />} />
          <Route path="/applications/:id?" element={<ToApplications />} />
          <Route element={<RequireSession />}>
            <Route path="/device" element={<DevicePage />} />
            <Route path="/auth/device" element={<DevicePage />} />
            <Route path="/accept-invitation" element={<AcceptInvitationPage />} />
            <Route path="/account/*" element={<Account />} />
          </Route>
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      </Suspense>
    </BrowserRouter>
  )
}

/** The addresses of applications that are handed out do not know of this console's sections. */
function ToApplications() {
  const { id = '' } = useParams()
  return <Navigate to={`/account/applications/${encodeURIComponent(id)}`} replace />
}
