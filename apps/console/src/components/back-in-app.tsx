import { buttonClass } from './button.tsx'
import { Icon } from './icon.tsx'
import { PageHeading } from './page-heading.tsx'

interface BackInAppProps {
  title: string
  /** Where the app waits for the answer. */
  url: string
}

/** For a person whose browser has just opened an app, or is about to leave: this page is done. */
export function BackInApp({ title, url }: BackInAppProps) {
  return (
    <div className="card p-6 sm:p-8">
      <span className="mb-4 flex size-12 items-center justify-center rounded-full bg-good-soft text-good">
        <Icon name="check" className="size-6" />
      </span>
      <PageHeading title={title}>
        <p>Go on in the app. You can close this page.</p>
      </PageHeading>
      <a href={url} rel="noreferrer" className={`mt-6 ${buttonClass('secondary')}`}>
        Open the app again
      </a>
    </div>
  )
}
