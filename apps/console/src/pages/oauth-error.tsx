import { Link, useSearchParams } from 'react-router'
import { buttonClass } from '../components/button.tsx'
import { Stopped } from '../components/consent/stopped.tsx'
import { FocusedLayout } from '../components/focused-layout.tsx'
import { Icon } from '../components/icon.tsx'
import { errorDetail, oauthErrorWords } from '../lib/oauth-error-words.ts'

/** For a request that could not be answered at the application: nothing here leads to an address of it. */
export function OAuthErrorPage() {
  const [params] = useSearchParams()
  const error = errorDetail(params.get('error'))
  const description = errorDetail(params.get('error_description'))
  return (
    <FocusedLayout>
      <Stopped {...oauthErrorWords(error ?? null)}>
        {error !== undefined && (
          <details className="group mt-4">
            <summary className="inline-flex min-h-10 list-none items-center gap-2 rounded-lg text-sm font-medium text-muted hover:text-ink">
              <Icon name="chevron" className="size-4 transition-transform group-open:rotate-180" />
              For whoever makes the app
            </summary>
            <p className="mt-1 rounded-lg bg-sunken px-4 py-3 font-mono text-sm wrap-anywhere">
              {error}
              {description !== undefined && <span className="block">{description}</span>}
            </p>
          </details>
        )}
        <Link to="/" className={`mt-6 ${buttonClass('secondary')}`}>
          Go to your account
        </Link>
      </Stopped>
    </FocusedLayout>
  )
}
