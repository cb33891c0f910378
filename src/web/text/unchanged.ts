/** Spares what has not changed from being drawn again. Owns no component; compares as it is told. */
import { Component, type ComponentChildren, type FunctionComponent, h } from 'preact';

/**
 * A component that is drawn anew only when `same` says that its new props are others.
 * @param drawn what it draws; it may read signals, since it is a component of its own
 */
export function drawnOnce<Props extends object>(
  drawn: FunctionComponent<Props>,
  same: (before: Readonly<Props>, after: Readonly<Props>) => boolean,
) {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      return !same(this.props, next);
    }

    override render(props: Props): ComponentChildren {
      return h(drawn, props);
    }
  };
}
