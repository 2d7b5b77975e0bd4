/** What one tab tells the others: never who, only that something happened. */
export type TabMessage = 'changed' | 'signed-out'

/** The line between the tabs of one browser. */
export interface Tabs {
  post(message: TabMessage): void
  close(): void
}

/** Opens the line: a BroadcastChannel, or storage events where there is none. */
export function openTabs(name: string, onMessage: (message: TabMessage) => void): Tabs {
  const hear = (message: unknown) => {
    if (message === 'changed' || message === 'signed-out') onMessage(message)
  }
  return 'BroadcastChannel' in globalThis ? openChannel(name, hear) : openStorage(name, hear)
}

function openChannel(name: string, hear: (message: unknown) => void): Tabs {
  const channel = new BroadcastChannel(name)
  channel.addEventListener('message', ({ data }) => hear(data))
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none
    post: (message) => channel.postMessage(message),
    close: () => channel.close(),
  }
}

function openStorage(name: string, hear: (message: unknown) => void): Tabs {
  const listen = ({ key, newValue }: StorageEvent) => {
    if (key === name && newValue !== null) hear(newValue.split(' ')[0])
  }
  addEventListener('storage', listen)
  return {
    post: (message) => {
      try {
        // Only another value is an event, so each gets a number of its own.
        localStorage.setItem(name, `${message} ${Date.now()}.${Math.random()}`)
      } catch {
        // Storage is off or full: other tabs find out when they get the focus.
      }
    },
    close: () => removeEventListener('storage', listen),
  }
}
