import { Link } from 'react-router'
import { buttonClass } from '../components/button.tsx'
import { FocusedLayout } from '../components/focused-layout.tsx'
import { PageHeading } from '../components/page-heading.tsx'

/** For an address that leads nowhere. */
export function NotFoundPage() {
  return (
    <FocusedLayout>
      <section className="py-10 sm:py-16">
        <PageHeading title="Nothing here">
          <p>This address does not lead to a page. It may have been typed or copied wrongly.</p>
        </PageHeading>
        <Link to="/" className={`mt-6 ${buttonClass('secondary')}`}>
          Go to your agents
        </Link>
      </section>
    </FocusedLayout>
  )
}
