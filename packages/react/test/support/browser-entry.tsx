import { StrictMode } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { App } from './app.tsx'

declare global {
  /** What the server knew as it rendered; absent when it rendered nothing. */
  var initialSession: object | null | undefined
}

const root = document.querySelector('#root')
if (root) {
  const app = (
    <StrictMode>
      <App url={location.pathname + location.search} initialSession={globalThis.initialSession} />
    </StrictMode>
  )
  if (root.hasChildNodes()) hydrateRoot(root, app)
  else createRoot(root).render(app)
}
