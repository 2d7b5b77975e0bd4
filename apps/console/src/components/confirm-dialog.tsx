import { AlertDialog } from 'radix-ui'
import { useEffect, useState, type ReactNode } from 'react'
import { problemWords } from '../lib/problem-words.ts'
import { Button, buttonClass, type ButtonTone } from './button.tsx'
import { Notice } from './notice.tsx'

interface ConfirmDialogProps {
  trigger: string
  triggerTone?: ButtonTone
  /** Names the thing for screen readers when several triggers look alike. */
  triggerLabel?: string
  title: string
  children: ReactNode
  confirm: string
  onConfirm: () => Promise<unknown>
}

/**
 * Asks before something that cannot be undone. There is no `AlertDialog.Overlay`: it would lock
 * scrolling with an injected style element, which the content security policy forbids.
 */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const [open, setOpen] = useState(false)
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <AlertDialog.Trigger
        className={buttonClass(props.triggerTone ?? 'secondary')}
        aria-label={props.triggerLabel}
      >
        {props.trigger}
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <div className="fixed inset-0 z-40 bg-black/45" aria-hidden />
        <AlertDialog.Content className="card fixed top-1/2 left-1/2 z-50 max-h-[90dvh] w-[calc(100%-2rem)] max-w-md -translate-x-1/2 -translate-y-1/2 overflow-auto p-6 shadow-xl">
          <AlertDialog.Title className="text-lg font-semibold">{props.title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="mt-2 text-muted">{props.children}</div>
          </AlertDialog.Description>
          <Confirmation {...props} close={() => setOpen(false)} />
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

/** The button that opened the dialog may be gone with the thing; then the page's heading takes over. */
function keepPlace(): void {
  const { activeElement, body } = document
  if (activeElement === null || activeElement === body) document.querySelector('h1')?.focus()
}

/** Makes the page behind the dialog unreachable for every kind of input, not only hidden. */
function useInertPage(): void {
  useEffect(() => {
    const page = document.querySelector('#root')
    page?.setAttribute('inert', '')
    return () => page?.removeAttribute('inert')
  }, [])
}

function Confirmation({ confirm, onConfirm, close }: ConfirmDialogProps & { close: () => void }) {
  useInertPage()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const run = async (): Promise<void> => {
    setBusy(true)
    setError(undefined)
    try {
      await onConfirm()
      close()
      setTimeout(keepPlace, 50)
    } catch (caught) {
      setError(caught)
      setBusy(false)
    }
  }
  return (
    <>
      {error !== undefined && (
        <div className="mt-4">
          <Notice tone="danger" alert>
            {problemWords(error)}
          </Notice>
        </div>
      )}
      <div className="mt-6 flex flex-wrap justify-end gap-3">
        <AlertDialog.Cancel className={buttonClass('secondary')}>Cancel</AlertDialog.Cancel>
        <Button tone="danger" busy={busy} onClick={() => void run()}>
          {confirm}
        </Button>
      </div>
    </>
  )
}
