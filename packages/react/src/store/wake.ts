/** Why a page may know less than the server. */
export type WakeReason = 'focus' | 'online' | 'restored'

/** Calls when a person comes back to the page, the network is back, or the page leaves the back-forward cache. */
export function onWake(wake: (reason: WakeReason) => void): () => void {
  const focus = () => wake('focus')
  const online = () => wake('online')
  const visible = () => {
    if (document.visibilityState === 'visible') wake('focus')
  }
  const shown = ({ persisted }: PageTransitionEvent) => {
    if (persisted) wake('restored')
  }
  addEventListener('focus', focus)
  addEventListener('online', online)
  addEventListener('pageshow', shown)
  document.addEventListener('visibilitychange', visible)
  return () => {
    removeEventListener('focus', focus)
    removeEventListener('online', online)
    removeEventListener('pageshow', shown)
    document.removeEventListener('visibilitychange', visible)
  }
}
