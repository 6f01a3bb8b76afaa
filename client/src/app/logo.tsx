/** The mark of the panel: a doorway with light behind it. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true">
      <rect x="1" y="1" width="30" height="30" rx="8" fill="#2f5fe0" />
      <path d="M9 25V12.5a7 7 0 0 1 14 0V25" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" />
      <path d="M14 25v-9.5a2 2 0 0 1 4 0V25" fill="#bcd0ff" />
      <path d="M6.5 25h19" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" />
    </svg>
  );
}
