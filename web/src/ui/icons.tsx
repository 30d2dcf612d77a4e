import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      viewBox="0 0 20 20"
      className="size-4 shrink-0"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const DownloadIcon = () => (
  <Icon>
    <path d="M10 3v9m0 0 3.5-3.5M10 12 6.5 8.5M3.5 16.5h13" />
  </Icon>
);
export const AgainIcon = () => (
  <Icon>
    <path d="M16 10a6 6 0 1 1-1.8-4.3M16.2 3v3.2H13" />
  </Icon>
);
export const BackIcon = () => (
  <Icon>
    <path d="M16.5 10h-13m0 0L8 5.5M3.5 10 8 14.5" />
  </Icon>
);
export const BreakIcon = () => (
  <Icon>
    <path d="M11 2.5 5 11h4.5L8.5 17.5 15 8.5h-4.5z" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="m4.5 10.5 3.5 3.5 7.5-8" />
  </Icon>
);
export const CrossIcon = () => (
  <Icon>
    <path d="m5.5 5.5 9 9m0-9-9 9" />
  </Icon>
);
