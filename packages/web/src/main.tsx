import { render } from 'preact'
import { Conversation } from './conversation/conversation.ts'
import { readToken } from './conversation/token.ts'
import { App } from './view/app.tsx'
import { Guard } from './view/guard.tsx'

const conversation = new Conversation(location.origin, readToken())
void conversation.connect()
render(
  <Guard
    fallback={(error) => (
      <p class="crash" role="alert">
        This page failed: {String(error)}. Reload it; the server keeps the conversation.
      </p>
    )}
  >
    <App conversation={conversation} />
  </Guard>,
  document.getElementById('app')!,
)
