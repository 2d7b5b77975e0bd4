/** The only page: it asks the application's own routes, and never sees a token. */
export const page = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Express with an OpenID Connect provider</title>
  <p id="who">…</p>
  <p><a href="/auth/login" hidden>Sign in</a></p>
  <form method="post" action="/auth/logout" hidden><button>Sign out</button></form>
  <pre id="profile"></pre>
  <script type="module">
    const { authenticated, user } = await (await fetch('/auth/me')).json()
    document.querySelector(authenticated ? 'form' : 'a').hidden = false
    document.querySelector('#who').textContent = authenticated ? user.name : 'Nobody is signed in.'
    if (authenticated) {
      const profile = await (await fetch('/api/profile')).json()
      document.querySelector('#profile').textContent = JSON.stringify(profile, null, 2)
    }
  </script>
</html>
`
