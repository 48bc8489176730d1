/** Whether somebody born on a date (`YYYY-MM-DD`) is 18 or older on a day, in Japan's time. */
export function isAdult(born: string, now: Date): boolean {
  const date = /^(\d{4})-(\d{2})-(\d{2})$/.exec(born);
  if (date === null || Number.isNaN(Date.parse(born)) || Number(date[1]) < 1900) return false;
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Tokyo" }).format(now);
  return `${Number(date[1]) + 18}-${date[2]}-${date[3]}` <= today;
}
