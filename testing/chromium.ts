import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core'
import { findChromium } from './chromium-binary.ts'

const flags = [
  '--no-sandbox',
  '--no-zygote',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  '--disable-dev-shm-usage',
]

/** Starts a headless Chromium that talks to nobody on its own; the caller closes it. */
export async function launchChromium(): Promise<Browser> {
  const { executablePath, env } = await findChromium()
  return chromium.launch({
    executablePath,
    args: flags,
    env: { ...definedEnvironment(), ...env },
  })
}

/** A passkey device inside the browser, driven over the DevTools protocol. */
export interface VirtualAuthenticator {
  /** The number of credentials it holds. */
  credentialCount(): Promise<number>
  /** Decides whether the person at the device passes user verification. */
  setUserVerified(verified: boolean): Promise<void>
  /** Unplugs the device. */
  remove(): Promise<void>
}

/**
 * Adds a platform authenticator (CTAP2, resident keys, user verification) to a page.
 *
 * WebAuthn needs a secure context: use `http://localhost:<port>`, not 127.0.0.1.
 */
export async function addVirtualAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const session: CDPSession = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    async credentialCount() {
      const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId })
      return credentials.length
    },
    async setUserVerified(verified) {
      await session.send('WebAuthn.setUserVerified', {
        authenticatorId,
        isUserVerified: verified,
      })
    },
    async remove() {
      await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
      await session.detach()
    },
  }
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  )
}
