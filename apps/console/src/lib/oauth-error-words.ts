interface Words {
  title: string
  text: string
}

const words: Readonly<Record<string, Words>> = {
  invalid_client: {
    title: 'This app is not known here',
    text: 'It may have been removed, or it names itself wrongly. Nothing was shared with it.',
  },
  client_disabled: {
    title: 'This app has been turned off',
    text: 'Whoever runs this server turned it off. Nothing was shared with it.',
  },
  invalid_redirect: {
    title: 'The app sent you here with a wrong address',
    text: 'It wants the answer at a place that it never registered. We stopped, so nothing was shared with anybody.',
  },
  unauthorized_client: {
    title: 'This app may not do that',
    text: 'It asked for something it was not set up for. Nothing was shared with it.',
  },
  access_denied: {
    title: 'You said no',
    text: 'Nothing was shared with the app. You can close this page.',
  },
  temporarily_unavailable: {
    title: 'Not available right now',
    text: 'Go back to the app and try again in a moment.',
  },
  server_error: {
    title: 'Something went wrong here',
    text: 'Go back to the app and try again. Nothing was shared with it.',
  },
}

const expired: Words = {
  title: 'This request has expired',
  text: 'Go back to the app and start again. Nothing was shared with it.',
}

const misformed: Words = {
  title: 'The app asked in a way we do not understand',
  text: 'Go back to it and try again; if it stays so, tell whoever makes the app. Nothing was shared with it.',
}

const synonyms: Readonly<Record<string, Words>> = {
  invalid_redirect_uri: words['invalid_redirect'] ?? misformed,
  redirect_uri_mismatch: words['invalid_redirect'] ?? misformed,
  unknown_client: words['invalid_client'] ?? misformed,
  invalid_request_uri: expired,
  invalid_signature: expired,
  expired_request: expired,
}

/** Says what stopped an app's request, in a person's words; what is not known is a misformed request. */
export function oauthErrorWords(error: string | null): Words {
  const code = error ?? ''
  if (Object.hasOwn(words, code)) return words[code] ?? misformed
  return Object.hasOwn(synonyms, code) ? (synonyms[code] ?? misformed) : misformed
}

/** What an error of the protocol may look like; everything else is not repeated. */
export function errorDetail(text: string | null): string | undefined {
  const detail = (text ?? '').replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return detail === '' ? undefined : detail.slice(0, 300)
}
