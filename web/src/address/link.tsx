import type { ComponentProps, MouseEvent } from 'react';
import { type Address, writeAddress } from './address.js';
import { goTo } from './use-address.js';

/** A link within the page: a plain click changes what is shown without loading it again. */
export function Link({ to, ...rest }: { to: Address } & Omit<ComponentProps<'a'>, 'href' | 'onClick'>) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return <a {...rest} href={writeAddress(to)} onClick={follow} />;
}
