import { render } from 'preact'
import { readClientName } from './conversation/client-name.ts'
import { readToken } from './conversation/token.ts'
import { Workbench } from './conversation/workbench.ts'
import { App } from './view/app.tsx'
import { Guard } from './view/guard.tsx'
import { loadAskForm } from './view/load-ask-form.ts'

const workbench = new Workbench({ url: location.origin, token: readToken(), client: readClientName() })
workbench.start()
render(
  <Guard
    fallback={(error) => (
      <p class="crash" role="alert">
        This page failed: {String(error)}. Reload it; the server keeps the session.
      </p>
    )}
  >
    <App workbench={workbench} />
  </Guard>,
  document.getElementById('app')!,
)

// While the server is there that serves it; without it, the card of an ask says so.
loadAskForm().catch(() => undefined)
