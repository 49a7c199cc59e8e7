import { Component, type ComponentChildren } from 'preact'

interface Props {
  children: ComponentChildren
  fallback: (error: unknown) => ComponentChildren
}

/** Shows the fallback where rendering its children fails, so that the rest of the page stays. */
export class Guard extends Component<Props, { error?: unknown }> {
  static override getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error }
  }

  render(): ComponentChildren {
    return 'error' in this.state ? this.props.fallback(this.state.error) : this.props.children
  }
}
