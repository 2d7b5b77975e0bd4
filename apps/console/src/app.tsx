import { lazy, Suspense } from 'react'
import { BrowserRouter, Navigate, Route, Routes } from 'react-router'
import { PageSkeleton } from './components/skeleton.tsx'
import { RequireSession } from './components/require-session.tsx'
import { home } from './lib/safe-next.ts'
import { NotFoundPage } from './pages/not-found.tsx'
import { ForgotPasswordPage } from './pages/forgot-password.tsx'
import { ResetPasswordPage } from './pages/reset-password.tsx'
import { SignInPage } from './pages/sign-in.tsx'
import { SignUpPage } from './pages/sign-up.tsx'

const DevicePage = lazy(async () => ({ default: (await import('./pages/device.tsx')).DevicePage }))
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
          <Route element={<RequireSession />}>
            <Route path="/device" element={<DevicePage />} />
            <Route path="/auth/device" element={<DevicePage />} />
            <Route path="/account/*" element={<Account />} />
          </Route>
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      </Suspense>
    </BrowserRouter>
  )
}
