/** Dollars as people write them; what is less than ten cents keeps its first two digits. */
export function money(dollars: number | null): string {
  const amount = dollars ?? 0;
  return amount > 0 && amount < 0.095 ? `$${String(Number(amount.toPrecision(2)))}` : `$${amount.toFixed(2)}`;
}
