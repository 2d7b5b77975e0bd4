'use client'
import { useEffect, useRef, useState, type ComponentProps, type ReactNode } from 'react'
import { useParts } from '../hooks/auth-context.ts'
import { useAction } from '../hooks/use-action.ts'
import { asAuthError, type AuthError } from '../http/auth-error.ts'
import { describeError } from '../texts/describe-error.ts'
import { Button } from './button.tsx'
import { checkFields, clearPasswords, valuesOf } from './check-fields.ts'
import { FormContext, type Problems } from './form-context.ts'

/** What was typed, by the names of the fields. */
export type Values = Readonly<Record<string, string>>

interface AuthFormProps {
  /** What the form is called for people who do not see it. */
  readonly label: string
  readonly submit: string
  readonly onSubmit: (values: Values) => Promise<unknown>
  /** Codes of errors that belong to a field, with its name. */
  readonly faults?: Readonly<Record<string, string>>
  /** An error from before the first submit. */
  readonly notice?: AuthError | undefined
  /** Further buttons beside the first. */
  readonly buttons?: ReactNode
  readonly children?: ReactNode
}

/** Codes after which a password is typed again rather than mended. */
const wrongPassword = new Set(['INVALID_EMAIL_OR_PASSWORD', 'INVALID_PASSWORD'])

/**
 * A form that submits once at a time, says what is wrong where it is wrong, and loses nothing.
 *
 * Inputs keep their own values, so that what is typed or filled in before the page is interactive
 * counts, too.
 */
export function AuthForm(props: AuthFormProps) {
  const { label, submit, faults = {}, notice, buttons, children } = props
  const { texts } = useParts()
  const form = useRef<HTMLFormElement>(null)
  const { problems, show, clear } = useProblems(form)
  const action = useAction(async (element: HTMLFormElement) => {
    try {
      await props.onSubmit(valuesOf(element))
    } catch (cause) {
      const { code } = asAuthError(cause)
      if (wrongPassword.has(code)) clearPasswords(element)
      const field = faults[code]
      if (field === undefined) throw cause
      show({ [field]: describeError(cause, texts) })
    }
  })
  const handle: ComponentProps<'form'>['onSubmit'] = (event) => {
    event.preventDefault()
    if (action.pending) return
    const wrong = checkFields(event.currentTarget, texts)
    show(wrong)
    if (Object.keys(wrong).length === 0) void action.run(event.currentTarget)
  }
  const error = action.pending ? undefined : (action.error ?? notice)
  return (
    // With `post`, what is sent before the page is interactive does not end up in the address.
    <form
      ref={form}
      className="cs-form"
      method="post"
      noValidate
      aria-label={label}
      data-pending={action.pending ? '' : undefined}
      onSubmit={handle}
      onInput={clear}
    >
      <FormContext.Provider value={problems}>{children}</FormContext.Provider>
      <p className="cs-alert" role="alert">
        {error && describeError(error, texts)}
      </p>
      <div className="cs-buttons">
        <Button type="submit" tone="primary" pending={action.pending}>
          {submit}
        </Button>
        {buttons}
      </div>
    </form>
  )
}

interface Shown {
  readonly problems: Problems
  /** Whether the first of them takes the focus: after a submit, never while somebody types. */
  readonly focus: boolean
}

function useProblems(form: { readonly current: HTMLFormElement | null }) {
  const [shown, setShown] = useState<Shown>({ problems: {}, focus: false })
  useEffect(() => {
    // After the message is there, so that it is read out with the field.
    if (shown.focus) form.current?.querySelector<HTMLElement>('[data-problem]')?.focus()
  }, [form, shown])
  const show = (problems: Problems) => setShown({ problems, focus: true })
  const clear: ComponentProps<'form'>['onInput'] = ({ target }) => {
    const name = target instanceof HTMLInputElement ? target.name : ''
    if (name in shown.problems) {
      setShown({ problems: without(shown.problems, name), focus: false })
    }
  }
  return { problems: shown.problems, show, clear }
}

function without(problems: Problems, name: string): Problems {
  return Object.fromEntries(Object.entries(problems).filter(([field]) => field !== name))
}
